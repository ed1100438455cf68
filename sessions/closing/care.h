#ifndef SESSIONS_CARE_H
#define SESSIONS_CARE_H
/* What this room knows of a run: made when it is first asked for, gone with the run's end. */
#include "sessions/agent/notice.h"
#include "sessions/session/run.h"
#include "sessions/life/sessions.h"

struct care {
	struct send_job *sends;	   /* typing.h: text waiting to be typed, oldest first */
	struct waking *waking;	   /* wake.h: its CLI does not take input yet; NULL it does */
	off_t usage_size;	   /* of the transcript that was read last, */
	ino_t usage_ino;	   /* and which that was */
	bool transcript;	   /* transcript.h: it was on disk when it was last looked */
	unsigned background;	   /* tasks that go on, by the last Stop hook */
	char refused[120];	   /* last reason told in mode=auto */
	int notice;		   /* notice_run.h: what was last to tell, notify_kind + 1; 0 */
	struct notice_rate told;   /* by the command for notices */
	uint64_t adopt_text_ns;	   /* watch.h: output that was looked behind for a CLI */
	bool judged;		   /* its growth, at the sample before */
	bool grows, grows_at_work; /* then */
};
struct care *care_of(struct session *s);	       /* of a session with a run */
const struct care *care_seen(const struct session *s); /* NULL: there is none */
void care_free(struct session *s);		       /* nothing waits in it any more */
#endif

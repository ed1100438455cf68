#ifndef CORE_GROWTH_H
#define CORE_GROWTH_H
/* Does a session grow, and will it go on? A judge that is fed one sample after another and has its
 * answer ready at any time. Pure and deterministic: no clock, no allocation; all zero is a fresh
 * one. A sample costs O(1), and every five minutes 1 or 2 µs. Why these rules: top of growth.c; the
 * error rates are measured by tests/core/test_growth.c. */
#include "core/base/base.h"

enum growth_verdict { GROWTH_UNKNOWN, GROWTH_FLAT, GROWTH_FAST, GROWTH_SLOW, GROWTH_BURST };
/* What speaks against growth in a window, in the order asked; NONE: all conditions are met. */
enum growth_lack {
	GROWTH_LACK_TIME,   /* not observed for long enough */
	GROWTH_LACK_FLOORS, /* gaps */
	GROWTH_LACK_RISE,   /* too little, too slow */
	GROWTH_LACK_KEEP,   /* gives back as much as it takes */
	GROWTH_LACK_STEPS,  /* a few steps make all of it */
	GROWTH_LACK_EVEN,   /* strays from the line: it began late, or it stopped */
	GROWTH_LACK_LAST,   /* levels off */
	GROWTH_LACK_BEGAN,  /* was at rest before */
	GROWTH_LACK_NONE,
};
struct growth_point {
	double t;	/* seconds of a clock that nobody sets, ascending */
	uint64_t bytes; /* footprint */
	bool estimated; /* counts only where nothing exact is to be had */
	bool working;	/* not at rest, or not yet for GROWTH_SETTLE_S */
};
/* What a verdict rests on, for `explain`: the window that decided, or the one that came closest. */
struct growth_numbers {
	double slope_bytes_per_h; /* of what was kept */
	double rise_bytes;	  /* of what was kept, over the window */
	double remainder_bytes;	  /* rise without its largest step */
	double later_ratio;	  /* rise of the window's second half : of its first */
	double before_ratio;	  /* slope of the hours before the window : in it; 1 not known */
	double bend;		  /* farthest from the straight line, as a part of the rise */
	double steps;		  /* equal steps that would make such a rise (large: smooth) */
	double given_back_bytes;  /* the most that it took and gave back within the window */
	double hump_bytes;	  /* the same of two days, in hours instead of minutes */
	double floor_bytes;	  /* what it keeps at the end of the window */
	double span_h, kept_h;	  /* of the window; of the line in it, from its first touch */
	double from_h;		  /* hours of evidence before the window */
	double confidence;	  /* 0..1; from 0.5 on all conditions are met */
	int floors, collections;  /* floors in the window, times that it gave much back */
	enum growth_lack lack;
};
/* A floor: the least that was seen in a stretch of time, numbered by `at`. */
struct growth_floor {
	uint32_t at;
	double bytes;
};
enum {
	GROWTH_SETTLE_S = 600, /* at rest for so long before a sample counts as idle */
	GROWTH_FLOOR_S = 300,
	GROWTH_SCALES = 5,
	GROWTH_FLOORS = 48,	 /* of each scale */
	GROWTH_BASE_FLOORS = 72, /* of GROWTH_FLOOR_S: six hours */
	GROWTH_AFTER_FLOORS = 24,
};
struct growth_scale {
	struct growth_floor f[GROWTH_FLOORS], open; /* oldest first; the one not over yet */
	size_t n;
	bool opened, growing;
	double slope; /* per hour, that made the verdict */
};
struct growth_track {	 /* one series */
	double t, clock; /* of the last sample; seconds of evidence */
	struct growth_floor base[GROWTH_BASE_FLOORS];
	size_t n;
	double low[2];	    /* of the open base floor: exact, estimated; 0 none */
	uint32_t at, vague; /* the open base floor; floors in a row without an exact sample */
	double lift;	    /* what work added, taken off again */
	struct growth_floor after[GROWTH_AFTER_FLOORS]; /* since work, not joined yet */
	size_t n_after;
	double hump; /* of the coarsest scale */
	bool begun, paused, burst;
	struct growth_scale scale[GROWTH_SCALES];
};
struct growth {
	struct growth_track idle, all;
	double worked_at; /* all.clock of the last sample at work, plus 1; 0 never */
};
void growth_push(struct growth *g, const struct growth_point *p);
/* Of the time at rest. Stands until the data withdraw it. */
enum growth_verdict growth_verdict(const struct growth *g);
/* Rises at work as a leak would: worth a look, never a reason to close. */
bool growth_while_working(const struct growth *g);
struct growth_numbers growth_numbers(const struct growth *g); /* of growth_verdict() */
/* Bytes per hour over the last six hours, work included: a robust line for the column MB/H, not a
 * verdict. NAN below a quarter of an hour. */
double growth_rate(const struct growth *g);
const char *growth_name(enum growth_verdict v);	  /* "flat" … as in cli.md */
const char *growth_lack_text(enum growth_lack l); /* "levels off" … for people */
#endif

#ifndef CORE_VT_MODES_H
#define CORE_VT_MODES_H
#include "core/screen/state.h"

void mode_set(struct term *t, int number, bool on);
int mode_bit(int number);			     /* enum vt_mode, or -1 */
int mode_number(enum vt_mode m);		     /* and back */
bool mode_get(const struct term *t, enum vt_mode m); /* what DECRQM would say */
uint64_t modes_initial(void);
void screen_leave_alt(struct term *t, bool drop);
void report_size(struct term *t); /* mode 2048 */
#endif

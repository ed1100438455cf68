#ifndef CORE_HUMAN_H
#define CORE_HUMAN_H
/* Figures as people read them, short enough for a column. */
#include "core/base/base.h"

#define HUMAN_MAX 16

/* "0B", "512K", "84M", "1.2G", "120G": units of 1024, at most three digits and from 1G to 99G one
 * decimal. Returns buf. */
const char *human_bytes(char buf[HUMAN_MAX], double bytes);
/* "950", "13k", "1.2M": units of 1000. */
const char *human_count(char buf[HUMAN_MAX], double n);
/* How long, in the largest unit, days with their hours: "9s", "12m", "3h", "2d 4h". Negative is 0. */
const char *human_time(char buf[HUMAN_MAX], double s);
#endif

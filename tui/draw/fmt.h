#ifndef TUI_FMT_H
#define TUI_FMT_H
/* Figures and paths as people read them. */
#include <stddef.h>

/* 0M, 612M, 1.3G, 62G; <1m, 4m, 2h, 2d 4h; +38, +410 (MB/h). buf >= 16. */
const char *fmt_mem(char *buf, double bytes);
const char *fmt_idle(char *buf, double s);
const char *fmt_rate(char *buf, double bytes_per_h);
/* ~/w/api */
const char *fmt_dir(const char *home, char *buf, size_t cap, const char *path);
#endif

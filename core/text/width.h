#ifndef CORE_WIDTH_H
#define CORE_WIDTH_H
/* Widths and grapheme rules of Unicode 17, with tables for the hot path. */
#include "core/base/base.h"
#include "core/base/utf8.h"

int width_cp(uint32_t cp); /* 0, 1, 2; -1 for controls */
/* Does `next` join the cluster whose last codepoint is prev? *state starts 0 at a cluster's start
 * (Unicode's GB rules). */
bool grapheme_joins(uint32_t prev, uint32_t next, int32_t *state);
/* Cells of a whole cluster: 1 or 2 (0 only for a lone zero-width codepoint). opts: WIDTH_* of
 * cp_class.h. */
int width_cluster(const uint32_t *cps, int n, unsigned opts);
/* Does next belong to the cluster cps[0..n)? n >= 1. */
bool cluster_joins(const uint32_t *cps, int n, uint32_t next);
/* Is there a character other than a mark or the vowel or tail of a syllable that would? */
bool cluster_open(const uint32_t *cps, int n);
/* Next grapheme of UTF-8 text: bytes taken, *width its cells. Invalid bytes count as U+FFFD. */
size_t utf8_grapheme(const char *s, size_t n, int *width);
int utf8_width(const char *s);
/* The one sanitiser for names and lines to show: valid UTF-8, no C0, C1, DEL, bidi or zero-width
 * controls, at most max bytes, whole graphemes. Returns bytes written (NUL added, max >= 1). */
size_t sanitize(char *out, size_t max, const char *in, size_t n);
#endif

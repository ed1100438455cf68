#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H
/* Output made to cost its reader as much as possible: by class, 64 KiB of it each. In a body, `~`
 * is a number that differs each time, `#` one as large as a parameter gets. */
#include "core/base/buf.h"

enum { HOSTILE_BYTES = 65536, HOSTILE_COLS = 80, HOSTILE_ROWS = 24 };

struct hostile {
	const char *name, *once, *body; /* what stands at the start; what is repeated */
};

#define FILLED "\033[H\033[7;4:3;58:2::1:2:3m\033#8"
#define MARGINS "\033[?69h\033[2;79s\033[2;23r"
#define MARKS5 "\363\240\204\200\363\240\204\200\363\240\204\200\363\240\204\200\363\240\204\200"
#define TALL "e" MARKS5 MARKS5 MARKS5 MARKS5
#define TALL5 TALL TALL TALL TALL TALL
#define TALL_ROW \
	TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5 TALL5
#define COLOUR5 \
	"\033[38;5;1;48;2;1;2;3ma\033[38;5;2;48;2;3;2;1mb\033[4:3;38;5;3mc\033[;7md\033[1;31me"
#define COLOURED COLOUR5 COLOUR5 COLOUR5 COLOUR5 COLOUR5 COLOUR5 COLOUR5 COLOUR5
/* A row at the bottom, copied until it fills the screen, which then scrolls away under it. */
#define SPREAD "\033[24;;;;;23$v\033[23;;;;;21$v\033[21;;;;;17$v\033[17;;;;;9$v\033[9$v\033[23S"
static const struct hostile hostiles[] = {
	{"repeat", "x", "\033[#b"},
	{"repeat wide", "\346\227\245", "\033[#b"},
	{"repeat a cluster", "e\314\201", "\033[#b"},
	{"repeat a tall cluster", TALL, "\033[#b"},
	{"marks", "a", "\314\201"},
	{"marks of any kind", "a", "\314\201\341\267\216\340\270\261"},
	{"joiners", "", "\360\237\221\251\342\200\215"},
	{"flags", "", "\360\237\207\251"},
	{"jamo", "", "\341\204\200\341\205\241\341\206\250"},
	{"conjuncts", "", "\340\244\225\340\245\215"},
	{"wide at the edge", "\033[?7l\033[80G", "\346\227\245"},
	{"broken characters", "", "\360\237\222"},
	{"insert characters", FILLED "\033[H", "\033[#@"},
	{"delete characters", FILLED "\033[H", "\033[#P"},
	{"erase characters", FILLED "\033[H", "\033[#X"},
	{"insert lines", FILLED "\033[H", "\033[#L"},
	{"delete lines", FILLED "\033[H", "\033[#M"},
	{"insert columns", FILLED "\033[H", "\033[40'}"},
	{"delete columns", FILLED "\033[H", "\033[40'~"},
	{"shift left", FILLED, "\033[40 @"},
	{"insert mode", FILLED "\033[4h\033[H", "x\r"},
	{"copy the screen", FILLED, "\033[$v"},
	{"copy with overlap", FILLED, "\033[1;1;23;79;1;2;2;1$v"},
	{"fill the screen", "", "\033[65$x"},
	{"fill with colour", "\033[48;5;9m", "\033[66$x"},
	{"erase the screen", FILLED, "\033[$z"},
	{"erase selectively", "\033[1\"q" FILLED, "\033[${"},
	{"change attributes", FILLED "\033[2*x", "\033[1;1;24;80;7$r"},
	{"reverse attributes", FILLED "\033[2*x", "\033[1;1;24;80;1;4;5;7$t"},
	{"checksums", FILLED, "\033[*y"},
	{"checksums of clusters", "e\314\201\033[#b", "\033[*y"},
	{"erase display", "\033[48;5;9m", "\033[J"},
	{"erase protected", "\033[1\"qx", "\033[?J"},
	{"alignment", "", "\033#8"},
	{"column mode", "\033[?40h", "\033[?3h\033[?3l"},
	{"reset", "", "\033c"},
	{"soft reset", "", "\033[!p"},
	{"screens", FILLED, "\033[?1049h\033[?1049l"},
	{"screens of old", FILLED, "\033[?47h\033[?47l"},
	{"save and restore", "", "\0337\0338"},
	{"lines", "", "\n"},
	{"lines of text", "", "x\r\n"},
	{"lines of colour", "", "\033[4~mx\n"},
	{"lines in a region", MARGINS "\033[23H", "\n"},
	{"reverse lines", FILLED "\033[H", "\033M"},
	{"scroll up", FILLED "\033[2;23r", "\033[#S"},
	{"scroll down", FILLED "\033[2;23r", "\033[#T"},
	{"scroll margins", FILLED MARGINS, "\033[#S"},
	{"scroll margins down", FILLED MARGINS, "\033[#T"},
	{"scroll left", FILLED MARGINS, "\033D\033[#S"},
	{"scroll to history", "\033[44m", "\033[#S"},
	{"letters to history", "", "\033#8\033[#S"},
	{"wide rows to history", "\033[24H\346\227\245\033[#b\033[;23r", SPREAD},
	{"tall rows to history", "\033[24H" TALL_ROW "\033[;23r", SPREAD},
	{"coloured rows to history", "\033[24H" COLOURED "\033[;23r", SPREAD},
	{"tabs to history", "", "\033[44m\t\n"},
	{"tab stops", "", "\033H\033[C"},
	{"clear tab stops", "", "\033[3g\033[?5W"},
	{"tabs", "", "\033[#I\r"},
	{"tabs back", "\033[80G", "\033[#Z\033[80G"},
	{"tab report", "\033[?5W", "\033[2$w"},
	{"cursor report", "", "\033[1$w"},
	{"status report", "", "\033[6n"},
	{"attributes report", "", "\033[c"},
	{"settings report", "\033[1;2;3;4:3;38:2::1:2:3;48:2::1:2:3m", "\033P$qm\033\\"},
	{"capabilities", "\033P+q", "544e;"},
	{"capability, by itself", "", "\033P+q536d756c78\033\\"},
	{"colour reports", "\033]4", ";~;?"},
	{"colour reports, short", "", "\033]11;?\a"},
	{"colours set", "", "\033]4;~;rgb:1/2/3\a\033]104\a"},
	{"styles", "", "\033[38:2::1:2:~;48;5;~mx"},
	{"styles without text", "", "\033[38:2::1:2:~m"},
	{"styles, stacked", "", "\033[#{\033[#}"},
	{"links", "", "\033]8;id=~;http://~/\033\\x"},
	{"links without text", "", "\033]8;;x:~\a"},
	{"clusters", "", "e\314\201\314\202\033[~;~H"},
	{"titles", "\033]0;", "t"},
	{"title stack", "\033]0;a rather long title, as titles go, of a window that has one\a",
		"\033[22t"},
	{"title stack, in and out", "\033]0;t\a", "\033[22t\033[23t"},
	{"a title each", "", "\033]2;~\a"},
	{"string without end", "\033P", "x"},
	{"string of control", "\033_", "\t"},
	{"clipboard", "\033]52;c;", "QUJD"},
	{"notifications", "", "\033]9;~\a"},
	{"status", "", "\033]7501;state=idle\a"},
	{"prompts", "", "\033]133;A\ax\r\n"},
	{"size reports", "", "\033[?2048h"},
	{"synchronized", "", "\033[?2026h\033[?2026l"},
	{"modes", "", "\033[?1;5;6;7;25;45;66;67;69;1000;1002;1004;1006;2004;2027;2031h"},
	{"mode reports", "", "\033[?2027$p"},
	{"keyboard stack", "", "\033[>1u\033[<u\033[?u"},
	{"window sizes", "", "\033[8;~;~t"},
	{"many parameters", "",
		"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m"},
	{"sequences cut", "", "\033[1;\030"},
	{"escapes", "", "\033"},
	{"double lines", FILLED, "\033#3\033#6\n"},
	{"VT52", "\033[?2l", "\033Y  x"},
	{"wrapped lines", "", "a line which wraps and wraps and wraps "},
	{"wrapped lines, wide", "", "\346\227\245\346\234\254"},
	{"forget", "x\n", "\033[3J\n"},
};

/* A class's bytes, HOSTILE_BYTES of them. */
static inline void
hostile_fill(const struct hostile *h, struct buf *out)
{
	unsigned n = 0;

	out->len = 0;
	buf_puts(out, h->once);
	while (out->len < HOSTILE_BYTES)
		for (const char *s = h->body; *s; s++) {
			/* "\033#8" and the like are no numbers */
			bool number = s == h->body || s[-1] != '\033';

			if (*s == '~')
				buf_printf(out, "%u", n++ % 1000);
			else if (*s == '#' && number && s[1] != '{' && s[1] != '}')
				buf_puts(out, "65535");
			else
				buf_putc(out, (uint8_t)*s);
		}
	out->len = HOSTILE_BYTES;
}
#endif

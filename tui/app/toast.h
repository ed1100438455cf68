#ifndef TUI_TOAST_H
#define TUI_TOAST_H
/* One line about what was done, or is being done. */
#include <stdbool.h>

#define TOAST_LOG 64 /* so many are kept */
#define TOAST_S 4    /* so long one is seen */
#define TOAST_DEEP 8 /* so many may lie over one that comes back */

struct toast {
	char text[200];
	double at;
	bool bad, undo, busy; /* busy: what it says is still under way */
	bool hint;	      /* what covers it takes none of its time */
};
#endif

#ifndef TUI_TILE_H
#define TUI_TILE_H
/* A place of the dashboard where a session's screen is shown. */
#include "tui/draw/paint.h"

#define TILES_MAX 24 /* sessions' screens in one frame */
#define TILE_S 0.2   /* so often, at most, those are painted that one does not look at */

struct app;
struct pane;
/* The pane follows the place: who moves to another place of the frame keeps its picture. */
struct tile {
	struct app *app;
	struct pane *pane;	    /* NULL until it is needed; it stays for the next session */
	struct preview_place place; /* id "": not in this frame */
	double painted_at;
	bool came; /* a frame that is not painted yet */
};
#endif

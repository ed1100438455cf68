#ifndef TESTS_GROWTH_SHAPES_H
#define TESTS_GROWTH_SHAPES_H
/* The classes of series that the judge of growth is tested with; growth_sim.h makes them. */
#include "core/base/base.h"

struct range {
	double lo, hi;
};
/* What a series is made of; sizes in MB, times in hours, {0} none. Each part is drawn per series.
 */
struct shape {
	const char *name;
	enum { EASY, QUIET, LEAK } truth;
	double by_h;		     /* a leak is to be found within; else 48 */
	struct range leak;	     /* MB/h … */
	struct range lump;	     /* … in pieces of this size; {0}: smooth */
	struct range late;	     /* … from this hour on */
	struct range saw, saw_h;     /* garbage for a full cycle; cycle */
	struct range steps, step;    /* how many steps up at random times; size */
	struct range steps_end;	     /* all before this hour; {0}: anywhere */
	struct range settle, tau;    /* approaches so much more, time constant */
	struct range lograte, log_t; /* a log(1 + t/log_t) */
	struct range fill, fill_h;   /* fills in so many hours, from an hour in the first half on */
	struct range wave, wave_h;   /* height from trough to crest; period */
	struct range regime, regime_h;	    /* second level, mean stay on each */
	struct range job, job_every, job_h; /* batch job: extra, period, lasts */
	struct range helper, helper_h;	    /* a helper's size, restarted every: away 1–5 min */
	struct range walk, walk_h;	    /* reverting random walk: deviation, time constant */
	struct range burst, bursts; /* jump within 10 min; how many, an hour apart or more */
	struct range saw2, saw2_h;  /* a second collector's, beside the first */
	struct range day;	    /* held for 9 h of each day, reached and left within 2 h */
	struct range turn, turn_every, turn_h; /* work: takes so much, period, lasts */
	struct range turn_back;	       /* part of it that comes back within an hour of rest */
	struct range restart_h;	       /* all that came since the start is gone every so often */
	struct range away, away_every; /* no samples for so many hours, every so many */
	struct range drift;	       /* the leak is so many times as fast at the end */
	bool five_days;		       /* of a week the days are days */
	double wander;		       /* noise of that deviation, 12 min */
	double fall;		       /* MB/h given back */
	double spikes;		       /* an hour, 50–400 MB for up to 3 min */
};
#define R(a, b)          \
	{                \
		(a), (b) \
	}
static const struct shape shapes[] = {
	{.name = "flat", .wander = 1},
	{.name = "noisy", .wander = 12},
	{.name = "saw 0.05-0.3 h", .saw = R(20, 200), .saw_h = R(0.05, 0.3), .wander = 2},
	{.name = "saw 0.3-1.5 h", .saw = R(20, 300), .saw_h = R(0.3, 1.5), .wander = 2},
	{.name = "one step", .steps = R(1, 1), .step = R(5, 300), .wander = 2},
	{.name = "settling", .settle = R(20, 20), .tau = R(0.33, 0.33), .wander = 2},
	{.name = "giving back", .fall = 15, .wander = 4},
	{.name = "spikes, saw and step",
		QUIET,
		.saw = R(20, 100),
		.saw_h = R(0.1, 0.6),
		.spikes = 4,
		.steps = R(1, 1),
		.step = R(10, 100),
		.wander = 3},
	{.name = "four steps", QUIET, .steps = R(4, 4), .step = R(5, 60), .wander = 2},
	{.name = "warm-up, tau 1 h", QUIET, .settle = R(50, 500), .tau = R(0.7, 1.3), .wander = 3},
	{.name = "warm-up, tau 2-3 h", QUIET, .settle = R(50, 400), .tau = R(2, 3), .wander = 3},
	{.name = "collector's saw 2-6 h", QUIET, .saw = R(50, 400), .saw_h = R(2, 6), .wander = 3},
	{.name = "daily wave", QUIET, .wave = R(60, 120), .wave_h = R(24, 24), .wander = 3},
	{.name = "cache that fills 4 h",
		QUIET,
		.fill = R(50, 500),
		.fill_h = R(3, 4.2),
		.wander = 3},
	{.name = "log-like", QUIET, .lograte = R(20, 100), .log_t = R(0.1, 1), .wander = 3},
	{.name = "staircase that stops",
		QUIET,
		.steps = R(6, 12),
		.step = R(10, 50),
		.steps_end = R(2, 5),
		.wander = 3},
	{.name = "walk that reverts", QUIET, .walk = R(20, 60), .walk_h = R(1, 5), .wander = 2},
	{.name = "two regimes", QUIET, .regime = R(60, 350), .regime_h = R(0.5, 4), .wander = 4},
	{.name = "batch jobs",
		QUIET,
		.job = R(100, 900),
		.job_every = R(1, 5),
		.job_h = R(0.1, 0.7),
		.wander = 4},
	{.name = "helper restarts",
		QUIET,
		.helper = R(60, 400),
		.helper_h = R(0.5, 6),
		.wander = 4},
	{.name = "heap swells, shrinks",
		QUIET,
		.saw = R(20, 150),
		.saw_h = R(0.1, 0.5),
		.wave = R(60, 200),
		.wave_h = R(3, 10),
		.wander = 3},
	{.name = "leak 40 MB/h", LEAK, 8, .leak = R(40, 40), .wander = 3},
	{.name = "40 in lumps, step",
		LEAK,
		8,
		.leak = R(40, 40),
		.lump = R(1, 8),
		.steps = R(1, 1),
		.step = R(10, 80),
		.spikes = 2,
		.wander = 5},
	{.name = "40 under saw 0.3-1.5 h",
		LEAK,
		24,
		.leak = R(40, 40),
		.saw = R(20, 300),
		.saw_h = R(0.3, 1.5),
		.wander = 2},
	{.name = "40 in 128-MB pages",
		LEAK,
		24,
		.leak = R(40, 40),
		.lump = R(128, 128),
		.wander = 2},
	{.name = "3.5 MB/h, saw",
		LEAK,
		48,
		.leak = R(3.5, 3.5),
		.saw = R(5, 30),
		.saw_h = R(0.1, 0.6),
		.wander = 2},
	{.name = "25-100 MB/h, late", LEAK, 48, .leak = R(25, 100), .late = R(0, 20), .wander = 4},
	{.name = "40 under saw 2-6 h",
		LEAK,
		48,
		.leak = R(40, 40),
		.saw = R(50, 300),
		.saw_h = R(2, 6),
		.wander = 2},
	{.name = "1 GB/h", LEAK, 4, .leak = R(900, 1500), .wander = 5},
	{.name = "burst that stays",
		LEAK,
		48,
		.bursts = R(1, 1),
		.burst = R(650, 2000),
		.wander = 5},
	{.name = "burst repeated", LEAK, 48, .bursts = R(2, 3), .burst = R(450, 700), .wander = 5},
};
#undef R
#endif

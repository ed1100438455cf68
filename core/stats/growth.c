/* Growth that goes on.
 *
 * An idle CLI is never quiet. Collectors draw saw-teeth of minutes or hours, caches fill and stay,
 * helpers restart, jobs come and go, days have waves. All of that rises for a while; a leak is what
 * does not stop. So a verdict is slow on purpose, and everything here asks one question: is what
 * was kept in this window a straight line to its very end?
 *
 *  floor    The least of five minutes. Peaks carry no news. Floors of 10, 20, 30 and 60 min are made
 *           of them, so that five windows look at 3 h, 7 h, 13 h, 19 h and 38 h. A line of 40 MB/h
 *           shows in 7 h, one of 3.5 MB/h needs a day and a half. The longer the window, the
 *           flatter the line may be: in 7 h a daily wave of 200 MB climbs 23 MB/h, and a cache
 *           of 1 GB fills in 4 h; both come to rest before a longer window is full.
 *
 *  kept     At each floor the least of it and all later ones: what was never given back. It never
 *           falls. A saw-tooth's kept level is flat, a leak's is the line through its lows.
 *
 *      bytes                        /
 *                     /|    /|       /    what rises after `end` may be garbage
 *               /|   / |   / |      /
 *          /|  / |  /  |__/  |_____/        kept: the line through the lows
 *         / |_/  |_/               end
 *      first
 *
 *  end      What rises since the last large give-back has not been collected yet; nobody knows how
 *           much of it will be. The window ends at the low before it. A ramp without any give-back
 *           has to be longer than seven hours, which is a long time for a collector.
 *  job      What jumps up within one floor, stays for three at most and is back on the line came and
 *           went; it is no garbage, ends no window and takes no touch away.
 *  touch    A floor that lies on the kept level. With several collections in the window only their
 *           lows count: on the way up to a collection a ramp touches the level of the next low.
 *  hump     The highest that the 60-min floors of two days rose and came back from: what this
 *           session is known to take and give back. A rise has to be clear of it, and has to
 *           be higher than the largest fall: what comes back to where it was is a wave.
 *  steps    (sum of increments)^2 : sum of squares, without the largest one, is the number of equal
 *           steps that would make such a rise. Three steps up are three events, no trend.
 *  remainder  The rise without its largest step: steep and large enough must be what is left.
 *  bend     The farthest that the touches stray from the chord between first and last (a
 *           Kolmogorov-Smirnov distance). It sees at once what began late, stopped early or bends
 *           over: a cache that fills 4 of 6 hours has 0.35, exp(-t/tau) with tau of half the window
 *           0.24, k equal steps about 1/k, a line under noise 0.05. One step that dominates may be
 *           left out of it: a helper started in the midst of a leak.
 *  before   The slope of the hours before the window : that of the window. What rises since seven
 *           hours and did not before may be a cache or the flank of a daily wave: unless it is
 *           steep, the window of 13 hours has the word, which neither of them fills.
 *  later    Rise of the second half : rise of the first. A logarithm has 0.5, a line 1.
 *
 * A verdict is withdrawn by data only: when half a window went by with less than a quarter of what
 * its slope promised (it levelled off, or gave back). Silence, gaps and work withdraw nothing.
 *
 * BURST is for what cannot wait for seven hours: a jump within 15 min over all that was seen before
 * that stays for three hours, which jobs seldom take (of 2 GB and more, for one), or a second one on
 * top of it. One step up is a frequent, harmless thing (a language server starts), so a single jump
 * has to be a large one, and clear of the humps of two days: a job that comes every night is known by
 * then. It is withdrawn when it gives back, or when six hours have passed without another.
 *
 * Time is the time of evidence. Work does not count as rest: the rest before and after are joined,
 * and what work added is taken off (`lift`), so that a session that is used now and then is judged
 * all the same. What comes back of it, by work or soon after, is taken off the lift first. A second
 * track sees all samples, for "rises while it works". A clock that goes back adds nothing; a gap
 * counts for half an hour
 * at most, and a window with too few floors says nothing. Estimated samples can be far too low
 * (shared pages) or too high (forks): they make a floor only where the session has no exact ones.
 */
#include "core/stats/growth.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MB 1048576.0
#define HOUR_S 3600.0

struct rule {
	uint32_t width;	  /* of a floor, in units of GROWTH_FLOOR_S */
	uint32_t window;  /* floors from its first to its last */
	double slope_min; /* bytes per hour */
	double steps_min; /* a handful of steps in a day and a half is no trend */
	double bend_max;  /* of a smooth rise */
	bool slow;	  /* the verdict is SLOW */
};
static const struct rule rules[GROWTH_SCALES] = {
	{1, 38, 320 * MB, 5.2, 0.06, false},
	{2, 42, 34 * MB, 9, 0.06, false},
	{4, 39, 17 * MB, 5.2, 0.035, false},
	{6, 38, 8 * MB, 5.2, 0.06, false},
	{12, 38, 2 * MB, 9, 0.06, true},
};
/* the usual one; of a day; of hours */
enum { FIRST_SCALE = 1, DAY_SCALE = 3, HUMP_SCALE = GROWTH_SCALES - 1 };
/* a rise that matters, and the part of it that is a large give-back */
static const double RISE_MIN = 48 * MB, RISE_PART = 0.04, MUCH_PART = 0.12, MUCH_MIN = 8 * MB;
/* a give-back says something of the rise after it up to about three times its size */
static const double TAIL_PART = 0.3;
static const double JUMP_PART = 0.6; /* of an excursion's height, in its first floor */
static const double HUMP_FACTOR = 1.5, KEEP_FACTOR = 2, SPAN_PART = 0.7, FLOORS_PART = 0.6;
/* a line may bend more where few steps or noise make it up */
static const double BEND_STEP = 0.5, BEND_NOISE = 0.5, BEND_NOISE_MAX = 0.04, LATER = 0.75,
		    LATER_STEP = 1, LATER_MAX = 100;
/* lows of collections are exact, so fewer of them do */
static const double LOWS_PART = 0.85, LOWS_STEPS = 3.2, LOWS_BEND = 0.11;
enum { LOWS_COLLECTIONS = 2, KEEP_COLLECTIONS = 4, JOB_FLOORS = 3 };
/* the hours before a window tell whether its rise began with it; of what is so steep nobody waits */
static const double BEGAN_PART = 0.5, BEGAN_H = 6, BEGAN_MAX = 120 * MB;
enum { BEGAN_FLOORS = 3 };
static const double STILL_PART = 0.25, GAP_MAX_S = 1800;
/* so many without an exact sample: there are none to wait for; before so many nothing is flat; so
 * many after work are looked at together, and so near to their least is rest */
enum { VAGUE_FLOORS = 6, FLAT_FLOORS = 12, AFTER_FLOORS = 3 };
static const double AFTER_NEAR = 6 * MB;

/* ---- one window ---- */

/* So near to the kept level is on it. */
static double
near_kept(double much)
{
	return MAX(MB, 0.1 * much);
}

/* The least of each floor and all later ones. */
static void
keep(const struct growth_floor *f, size_t n, double *kept)
{
	double low = INFINITY;

	for (size_t i = n; i-- > 0;)
		kept[i] = low = MIN(low, f[i].bytes);
}

/* How far each floor is over the kept level, where it got there bit by bit: garbage. What jumps up
 * and comes back is a job that came and went; the line goes on below it. A floor is a least, so a
 * jump is never seen half way. */
static void
garbage(const struct growth_floor *f, size_t n, const double *kept, double near, double *over)
{
	for (size_t i = 0, j; i < n; i = j) {
		double top = over[i] = f[i].bytes - kept[i];

		for (j = i + 1; top > near && f[j].bytes - kept[j] > near; j++) {
			over[j] = f[j].bytes - kept[j];
			top = MAX(top, over[j]);
		}
		if (i > 0 && j - i <= JOB_FLOORS && top > near && over[i] >= JUMP_PART * top)
			memset(over + i, 0, (j - i) * sizeof *over);
	}
}

/* The window ends where the last large give-back ended: what rises since has not been collected
 * yet, and nobody knows how much of it will be. */
static size_t
window_end(const struct growth_floor *f, size_t n, const double *kept, double much)
{
	double over[GROWTH_BASE_FLOORS];
	size_t end = n - 1;

	garbage(f, n, kept, near_kept(much), over);
	for (size_t i = n; i-- > 0;)
		if (over[i] >= MAX(much, TAIL_PART * (kept[n - 1] - kept[i]))) {
			for (end = i; f[end].bytes > kept[end]; end++)
				;
			break;
		}
	return end;
}

/* The highest that the floors rose and came back again; a fall counts, too: to come back to where
 * it was is no growth. */
static double
highest_hump(const struct growth_floor *f, size_t n)
{
	double kept[GROWTH_BASE_FLOORS], low = INFINITY, hump = 0;

	keep(f, n, kept);
	for (size_t i = 0; i < n; i++) {
		low = MIN(low, f[i].bytes);
		hump = MAX(hump, f[i].bytes - MAX(low, kept[i]));
		hump = MAX(hump, (f[i].bytes - kept[i]) / HUMP_FACTOR);
	}
	return hump;
}

/* How far the kept level strays from a straight line, and how its halves compare; without = a step
 * that is left out. */
static double
bend(const struct growth_floor *f, const double *kept, const size_t *touch, size_t n,
	size_t without, double *later)
{
	double step = without ? kept[touch[without]] - kept[touch[without - 1]] : 0, worst = 0;
	double from = f[touch[0]].at, span = f[touch[n - 1]].at - from, mid = -1;
	double rise = kept[touch[n - 1]] - kept[touch[0]] - step, was_x = 0, was_y = 0;

	for (size_t k = 0; k < n; k++) {
		double x = (f[touch[k]].at - from) / span;
		double y =
			(kept[touch[k]] - kept[touch[0]] - (without && k >= without ? step : 0)) /
			rise;

		worst = MAX(worst, fabs(y - x));
		if (mid < 0 && x >= 0.5)
			mid = was_y + (y - was_y) * (0.5 - was_x) / (x - was_x);
		was_x = x;
		was_y = y;
	}
	*later = mid > 0 ? (1 - mid) / mid : LATER_MAX;
	return worst;
}

static void
shape(const struct growth_floor *f, const double *kept, const size_t *touch, size_t n,
	struct growth_numbers *nums)
{
	double rise = kept[touch[n - 1]] - kept[touch[0]], squares = 0, top = 0, b, later;
	size_t top_at = 0;

	for (size_t k = 1; k < n; k++) {
		double d = kept[touch[k]] - kept[touch[k - 1]];

		squares += d * d;
		if (d > top) {
			top = d;
			top_at = k;
		}
	}
	squares -= top * top;
	nums->remainder_bytes = rise - top;
	nums->steps = squares > 0 ? 1 + (rise - top) * (rise - top) / squares : 1;
	nums->bend = bend(f, kept, touch, n, 0, &nums->later_ratio);
	if (squares <= 0 || top * top < 0.5 * squares)
		return;
	b = bend(f, kept, touch, n, top_at, &later);
	if (b < nums->bend) {
		nums->bend = b;
		nums->later_ratio = later;
	}
}

/* The floors that touch the kept level, oldest first; only the lows of collections if lows. */
static size_t
touches(const struct growth_floor *f, const double *kept, size_t first, size_t end, double much,
	bool lows, size_t *touch)
{
	double near = near_kept(much), lead = lows ? 0.3 * much : much;
	size_t n = 0;

	for (size_t i = first; i <= end; i++) {
		double over = f[i].bytes - kept[i];

		if (over <= near || (i == first && over < lead))
			touch[n++] = i;
		if (lows && over >= much) /* the ramp up to here */
			while (n > 1 && touch[n - 1] == touch[n - 2] + 1)
				n--;
	}
	return n;
}

/* What the window is made of, into nums; the touches of what it kept. */
static void
measure(const struct rule *r, const struct growth_floor *f, size_t n, struct growth_numbers *nums)
{
	double kept[GROWTH_BASE_FLOORS] = {0}, over[GROWTH_BASE_FLOORS],
	       hours = r->width * GROWTH_FLOOR_S / HOUR_S, much, span;
	size_t touch[GROWTH_BASE_FLOORS], nt, end, first;
	bool high = false;

	keep(f, n, kept);
	much = MAX(MUCH_MIN, MUCH_PART * (kept[n - 1] - kept[0]));
	end = window_end(f, n, kept, much);
	for (first = end; first > 0 && f[end].at - f[first - 1].at < r->window;)
		first--;
	nums->from_h = f[first].at * hours;
	nums->span_h = (f[end].at - f[first].at + 1) * hours;
	nums->floors = (int)(end - first + 1);
	nums->floor_bytes = kept[end];
	garbage(f, n, kept, near_kept(much), over);
	for (size_t i = first; i <= end; i++) {
		nums->given_back_bytes = MAX(nums->given_back_bytes, over[i]);
		nums->collections += over[i] >= much && !high;
		high = over[i] >= much || (high && over[i] > 0.1 * much);
	}
	touch[0] = end;
	nt = touches(f, kept, first, end, much, nums->collections >= LOWS_COLLECTIONS, touch);
	span = f[end].at - f[touch[0]].at;
	nums->kept_h = span * hours;
	if (nt < 2 || kept[end] <= kept[touch[0]])
		return;
	nums->rise_bytes = kept[end] - kept[touch[0]];
	nums->slope_bytes_per_h = nums->rise_bytes / nums->kept_h;
	shape(f, kept, touch, nt, nums);
}

/* How steep it was in the hours before, as a part of how steep it is; 1: not known. A wave's flank
 * and a cache that fills begin; of a leak it is mostly not seen. */
static double
slope_before(const struct growth_scale *day, double from_h, double slope)
{
	double kept[GROWTH_FLOORS] = {0}, hour = rules[DAY_SCALE].width * GROWTH_FLOOR_S / HOUR_S;
	size_t end = day->n, first;

	keep(day->f, day->n, kept);
	while (end > 0 && (day->f[end - 1].at + 1) * hour > from_h)
		end--;
	for (first = end; first > 0 && from_h - day->f[first - 1].at * hour < BEGAN_H;)
		first--;
	if (end - first < BEGAN_FLOORS || end == day->n || slope <= 0)
		return 1;
	return (kept[end] - kept[first]) / ((day->f[end].at - day->f[first].at) * hour) / slope;
}

/* *nums is filled in any case. */
static bool
grows_on(const struct growth_track *k, size_t scale, struct growth_numbers *nums)
{
	const struct rule *r = &rules[scale];
	const struct growth_scale *s = &k->scale[scale];
	double hump = k->hump;

	*nums = (struct growth_numbers){
		.bend = 1, .steps = 1, .hump_bytes = hump, .before_ratio = 1};
	if (s->n)
		measure(r, s->f, s->n, nums);
	if (scale == FIRST_SCALE && nums->slope_bytes_per_h < BEGAN_MAX)
		nums->before_ratio =
			slope_before(&k->scale[DAY_SCALE], nums->from_h, nums->slope_bytes_per_h);
	bool lows = nums->collections >= LOWS_COLLECTIONS;
	double rise = nums->rise_bytes, few = 1 / nums->steps, back = nums->given_back_bytes,
	       window_h = r->window * r->width * GROWTH_FLOOR_S / HOUR_S,
	       part = lows || rise <= 0 ? 1 : nums->remainder_bytes / rise,
	       noise = rise > 0 ? MIN(BEND_NOISE_MAX, BEND_NOISE * back / rise) : 0;
	const struct {
		enum growth_lack lack;
		double have, need;
	} conditions[] = {
		{GROWTH_LACK_TIME, nums->span_h, window_h * (lows ? LOWS_PART : 1) - 1e-6},
		{GROWTH_LACK_TIME, nums->kept_h, window_h * SPAN_PART},
		{GROWTH_LACK_FLOORS, nums->floors, r->window * FLOORS_PART},
		{GROWTH_LACK_RISE, nums->remainder_bytes,
			MAX(RISE_MIN, RISE_PART * nums->floor_bytes)},
		{GROWTH_LACK_RISE, nums->slope_bytes_per_h * part, r->slope_min},
		{GROWTH_LACK_KEEP, rise, hump * HUMP_FACTOR},
		{GROWTH_LACK_KEEP, rise,
			nums->collections < KEEP_COLLECTIONS ? back * KEEP_FACTOR : 0},
		{GROWTH_LACK_STEPS, nums->steps, lows ? LOWS_STEPS : r->steps_min},
		{GROWTH_LACK_EVEN, lows ? LOWS_BEND : r->bend_max + BEND_STEP * few + noise,
			nums->bend},
		{GROWTH_LACK_LAST, nums->later_ratio, LATER - LATER_STEP * few},
		{GROWTH_LACK_BEGAN, nums->before_ratio, BEGAN_PART},
	};

	nums->lack = GROWTH_LACK_NONE;
	nums->confidence = 1;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		double have = conditions[i].have, need = conditions[i].need;
		double sure = need > 0 ? MAX(have, 0) / (MAX(have, 0) + need) : 1;

		nums->confidence = MIN(nums->confidence, sure);
		if (have < need && nums->lack == GROWTH_LACK_NONE)
			nums->lack = conditions[i].lack;
	}
	return nums->lack == GROWTH_LACK_NONE;
}

/* ---- bursts ---- */

static const double BURST_MIN = 384 * MB, BURST_PART = 0.5, LARGE_MIN = 2048 * MB, LARGE_PART = 1.5,
		    AGAIN_MIN = 256 * MB, AGAIN_PART = 0.33;
enum { BURST_WITHIN = 3, LARGE_STAYS = 12, BURST_STAYS = 36, BURST_KNOWN = 6 };

/* f: of GROWTH_FLOOR_S */
static bool
bursts(const struct growth_floor *f, size_t n, double hump)
{
	double kept[GROWTH_BASE_FLOORS], before = -INFINITY;
	size_t last = 0, jumps = 0;

	if (n == 0)
		return false;
	keep(f, n, kept);
	if (kept[n - 1] - kept[0] < AGAIN_MIN)
		return false;
	for (size_t i = BURST_WITHIN; i + BURST_WITHIN <= n; i++) {
		double rise;

		before = MAX(before, f[i - BURST_WITHIN].bytes);
		rise = kept[i] - before;
		if (i - BURST_WITHIN + 1 < BURST_KNOWN)
			continue;
		if (rise < hump * HUMP_FACTOR)
			continue;
		if (rise >= MAX(BURST_MIN, BURST_PART * before) && i + BURST_STAYS <= n)
			return true;
		if (rise >= MAX(LARGE_MIN, LARGE_PART * before) && i + LARGE_STAYS <= n)
			return true;
		if (rise < MAX(AGAIN_MIN, AGAIN_PART * before) ||
			(jumps && i - last < 2 * BURST_WITHIN))
			continue;
		last = i;
		if (++jumps == 2)
			return true;
	}
	return false;
}

/* ---- a series ---- */

static void
append(struct growth_floor *f, size_t *n, size_t cap, struct growth_floor x)
{
	if (*n == cap)
		memmove(f, f + 1, --*n * sizeof *f);
	f[(*n)++] = x;
}

/* Has what made the verdict gone on? Half a window is looked at. */
static bool
goes_on(const struct rule *r, const struct growth_scale *s)
{
	double kept[GROWTH_FLOORS] = {0}, want;
	uint32_t half = r->window / 2;
	size_t end, from;

	keep(s->f, s->n, kept);
	want = STILL_PART * s->slope * half * r->width * GROWTH_FLOOR_S / HOUR_S;
	end = window_end(s->f, s->n, kept, MAX(MUCH_MIN, want));
	for (from = end; from > 0 && s->f[end].at - s->f[from].at < half;)
		from--;
	return kept[end] - kept[from] >= want;
}

/* Most windows of most sessions rise too little whatever else: they cost a look at the lowest. */
static bool
may_grow(const struct rule *r, const struct growth_scale *s)
{
	double low = INFINITY, hours = r->window * r->width * GROWTH_FLOOR_S / HOUR_S;

	for (size_t i = 0; i < s->n; i++)
		low = MIN(low, s->f[i].bytes);
	return s->f[s->n - 1].bytes - low >= MAX(RISE_MIN, r->slope_min * SPAN_PART * hours);
}

static void
judge(struct growth_track *k, size_t i)
{
	const struct rule *r = &rules[i];
	struct growth_scale *s = &k->scale[i];
	struct growth_numbers nums;

	if (may_grow(r, s) && grows_on(k, i, &nums)) {
		s->growing = true;
		s->slope = nums.slope_bytes_per_h;
	} else if (s->growing) {
		s->growing = goes_on(r, s);
	}
}

static void
scale_push(struct growth_track *k, size_t i, struct growth_floor base)
{
	const struct rule *r = &rules[i];
	struct growth_scale *s = &k->scale[i];
	uint32_t at = base.at / r->width;
	bool over = base.at % r->width == r->width - 1;

	if (s->opened && s->open.at != at) {
		append(s->f, &s->n, GROWTH_FLOORS, s->open);
		s->opened = false;
	}
	if (!s->opened)
		s->open = (struct growth_floor){at, base.bytes};
	s->open.bytes = MIN(s->open.bytes, base.bytes);
	s->opened = !over;
	if (over) {
		append(s->f, &s->n, GROWTH_FLOORS, s->open);
		judge(k, i);
	}
}

static void
floor_push(struct growth_track *k, uint32_t at, double bytes)
{
	struct growth_floor f = {at, bytes};

	append(k->base, &k->n, GROWTH_BASE_FLOORS, f);
	k->burst = bursts(k->base, k->n, k->hump);
	for (size_t i = 0; i < GROWTH_SCALES; i++)
		scale_push(k, i, f);
	if (k->scale[HUMP_SCALE].n && !k->scale[HUMP_SCALE].opened)
		k->hump = highest_hump(k->scale[HUMP_SCALE].f, k->scale[HUMP_SCALE].n);
}

static double
lowest(const struct growth_floor *f, size_t n)
{
	double low = INFINITY;

	for (size_t i = 0; i < n; i++)
		low = MIN(low, f[i].bytes);
	return low;
}

/* The rest before work and the rest after are joined by the least of as many floors: what work
 * added is lifted off, what it gave back of that comes off the lift. What it left behind and gave
 * back soon after is work, still. */
static void
join(struct growth_track *k)
{
	size_t n = MIN(k->n, k->n_after), from = 0;
	double low = lowest(k->after, k->n_after);
	double change = low - k->lift - lowest(k->base + k->n - n, n);

	k->lift += MAX(change, -k->lift);
	while (k->after[from].bytes > low + AFTER_NEAR)
		from++;
	for (size_t i = from; i < k->n_after; i++)
		floor_push(k, k->after[i].at, k->after[i].bytes - k->lift);
	k->n_after = 0;
	k->paused = false;
}

/* Long enough after work, and nothing comes back any more. */
static bool
settled(const struct growth_track *k)
{
	size_t n = k->n_after;

	return n == GROWTH_AFTER_FLOORS ||
	       (n >= AFTER_FLOORS && k->after[n - 1].bytes + AFTER_NEAR > lowest(k->after, n - 1));
}

static void
base_over(struct growth_track *k)
{
	bool exact = k->low[0] > 0;
	double low = exact ? k->low[0] : k->low[1];

	k->low[0] = k->low[1] = 0;
	k->vague = exact ? 0 : k->vague + (low > 0);
	if (low <= 0 || (k->vague > 0 && k->vague <= VAGUE_FLOORS))
		return;
	if (!k->paused || !k->n) {
		k->paused = false;
		floor_push(k, k->at, low - k->lift);
		return;
	}
	k->after[k->n_after++] = (struct growth_floor){k->at, low};
	if (settled(k))
		join(k);
}

static void
track_push(struct growth_track *k, const struct growth_point *p)
{
	double bytes = MAX((double)p->bytes, 1), *low = &k->low[p->estimated];

	if (k->begun)
		k->clock += MIN(MAX(p->t - k->t, 0), GAP_MAX_S);
	k->begun = true;
	k->t = p->t;
	if (k->clock >= (k->at + 1.0) * GROWTH_FLOOR_S) {
		base_over(k);
		k->at = (uint32_t)(k->clock / GROWTH_FLOOR_S);
	}
	*low = *low > 0 ? MIN(*low, bytes) : bytes;
}

void
growth_push(struct growth *g, const struct growth_point *p)
{
	track_push(&g->all, p);
	if (p->working) {
		g->worked_at = g->all.clock + 1;
		if (g->idle.begun) { /* what the open floor holds may be work's already */
			if (g->idle.n_after)
				join(&g->idle);
			g->idle.begun = false;
			g->idle.paused = true;
			g->idle.low[0] = g->idle.low[1] = 0;
		}
		return;
	}
	track_push(&g->idle, p);
}

/* ---- answers ---- */

static const struct growth_scale *
growing(const struct growth_track *k)
{
	for (size_t i = 0; i < GROWTH_SCALES; i++)
		if (k->scale[i].growing)
			return &k->scale[i];
	return NULL;
}

/* Has it risen steeply for all of a time that is too short to tell? */
static bool
too_early(const struct growth_track *k)
{
	const struct growth_scale *s = &k->scale[FIRST_SCALE];
	const struct rule *r = &rules[FIRST_SCALE];

	return s->n < FLAT_FLOORS || (s->n < r->window && s->f[s->n - 1].bytes - s->f[0].bytes >=
								  r->slope_min * s->n * r->width *
									  GROWTH_FLOOR_S / HOUR_S);
}

static enum growth_verdict
track_verdict(const struct growth_track *k)
{
	const struct growth_scale *s = growing(k);

	if (k->burst)
		return GROWTH_BURST;
	if (s)
		return rules[s - k->scale].slow ? GROWTH_SLOW : GROWTH_FAST;
	return too_early(k) ? GROWTH_UNKNOWN : GROWTH_FLAT;
}

enum growth_verdict
growth_verdict(const struct growth *g)
{
	return track_verdict(&g->idle);
}

struct growth_numbers
growth_numbers(const struct growth *g)
{
	const struct growth_track *k = &g->idle;
	const struct growth_scale *s = growing(k);
	struct growth_numbers best = {0}, nums;

	for (size_t i = 0; i < GROWTH_SCALES; i++) {
		if (s && s != &k->scale[i])
			continue;
		grows_on(k, i, &nums);
		if (s || i == 0 || nums.confidence > best.confidence)
			best = nums;
	}
	best.floor_bytes += k->lift;
	return best;
}

bool
growth_while_working(const struct growth *g)
{
	const struct growth_track *k = &g->all;
	const struct growth_scale *s = growing(k);
	const struct rule *r = s ? &rules[s - k->scale] : NULL;

	return s && g->worked_at > 0 &&
	       k->clock + 1 - g->worked_at < (double)r->window * r->width * GROWTH_FLOOR_S;
}

static int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const struct growth_floor *f, size_t n)
{
	double v[GROWTH_BASE_FLOORS];

	for (size_t i = 0; i < n; i++)
		v[i] = f[i].bytes;
	qsort(v, n, sizeof *v, cmp_double);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Tukey's line: from the median of the first third to that of the last, per hour. */
static double
rate(const struct growth_floor *f, size_t n)
{
	size_t third = (n + 2) / 3;
	double span = (f[n - third].at + f[n - 1].at - f[0].at - f[third - 1].at) / 2.0;
	return (median(f + n - third, third) - median(f, third)) / (span * GROWTH_FLOOR_S / HOUR_S);
}

double
growth_rate(const struct growth *g)
{
	return g->all.n < 3 ? NAN : rate(g->all.base, g->all.n);
}

const char *
growth_name(enum growth_verdict v)
{
	static const char *const names[] = {"unknown", "flat", "fast", "slow", "burst"};

	return (size_t)v < ARRAY_LEN(names) ? names[v] : names[0];
}

const char *
growth_lack_text(enum growth_lack l)
{
	static const char *const texts[] = {"not observed for long enough", "too many gaps",
		"rises too little", "gives back what it takes", "rises in a few steps only",
		"does not rise evenly", "levels off", "began only some hours ago", ""};

	return (size_t)l < ARRAY_LEN(texts) ? texts[l] : "";
}

/* gen CORPUS [BYTES | lines N]: a corpus on standard output; without arguments, their names. */
#include "tests/bench/corpus.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	struct buf b = {0};

	if (argc < 2) {
		for (const struct corpus *c = corpora; c->name; c++)
			printf("%s%s\n", c->name, c->history ? " history" : "");
		return 0;
	}
	const struct corpus *c = corpus_find(argv[1]);
	if (!c) {
		fprintf(stderr, "gen: no corpus %s\n", argv[1]);
		return 2;
	}
	if (argc > 3 && strcmp(argv[2], "lines") == 0) {
		uint64_t rng = 20;

		for (unsigned n = 0; n < strtoul(argv[3], NULL, 10); n++)
			c->line(&b, &rng, n);
	} else {
		corpus_fill(c, &b, argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 20);
	}
	bool ok = fwrite(b.data, 1, b.len, stdout) == b.len && fflush(stdout) == 0;
	buf_free(&b);
	return ok ? 0 : 1;
}

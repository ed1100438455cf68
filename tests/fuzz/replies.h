#ifndef TESTS_FUZZ_REPLIES_H
#define TESTS_FUZZ_REPLIES_H
/* The grammar of what a terminal answers its child: constants and integers, in these shapes and no
 * other; never CR or LF. '#' is a decimal number, '^' any run of digits and separators, '=' any run
 * of hexadecimal digits with at most one '=' in it, '@' one printable character, '&' the
 * name of a character set, one or two characters, anything else itself. */
#include "core/base/buf.h"
#include <string.h>

#define ST "\033\\"

static const char *const reply_shapes[] = {
	"\033[?62;22;52c",
	"\033[>1;#;0c",
	"\033P!|00000000" ST,
	"\033P>|muster(" MUSTER_VERSION ")" ST,
	"\033[#;1;1;128;128;1;0x",
	"\033[0n",
	"\033[#;#R",
	"\033[?#;#;1R",
	"\033P#!~=" ST,
	"\033[?^n",
	"\033[#*{",
	"\033P1$u#;#;1;@;@;@;#;#;@;&&&&" ST,
	"\033P2$u^" ST,
	"\033[^t",
	"\033[I",
	"\033[O",
	"\033[?#;#$y",
	"\033[#;#$y",
	"\033[>4;#m",
	"\033[?#u",
	"\033P1+r=" ST,
	"\033P0+r" ST,
	"\033P1$r^m" ST,
	"\033P1$r#;#r" ST,
	"\033P1$r#;#s" ST,
	"\033P1$r# q" ST,
	"\033P1$r#;1\"p" ST,
	"\033P1$r#\"q" ST,
	"\033P1$r#*x" ST,
	"\033P1$r#t" ST,
	"\033P1$r#$|" ST,
	"\033P1$r#*|" ST,
	"\033P1$r0$}" ST,
	"\033P0$r" ST,
	"\033]#;rgb:=/=/=" ST,
	"\033]#;rgb:=/=/=\007",
	"\033]#;#;rgb:=/=/=" ST,
	"\033]#;#;rgb:=/=/=\007",
	"\033]7501;?" ST,
	"\033/Z",
};

static size_t
reply_run(const uint8_t *p, size_t n, const char *of)
{
	size_t k = 0;

	while (k < n && p[k] && strchr(of, p[k]))
		k++;
	return k;
}

/* Length of the answer of this shape at p; 0: it is another one. */
static size_t
reply_match(const char *shape, const uint8_t *p, size_t n)
{
	size_t at = 0, k;

	for (; *shape; shape++) {
		size_t left = n - at;

		switch (*shape) {
		case '#':
			k = reply_run(p + at, MIN(left, 10), "0123456789");
			if (!k)
				return 0;
			at += k;
			break;
		case '^':
			at += reply_run(p + at, left, "0123456789;:/");
			break;
		case '=':
			at += reply_run(p + at, left, "0123456789abcdefABCDEF=");
			break;
		case '@':
			if (!left || p[at] < 0x20 || p[at] > 0x7e)
				return 0;
			at++;
			break;
		case '&':
			at += reply_run(p + at, MIN(left, 1), " !\"#$%&'()*+,-./");
			if (at == n || p[at] < '0' || p[at] > '~')
				return 0;
			at++;
			break;
		default:
			if (!left || p[at] != (uint8_t)*shape)
				return 0;
			at++;
		}
	}
	return at;
}

static void
check_replies(const struct buf *b)
{
	size_t at = 0, k = 0;

	for (; at < b->len; at += k) {
		for (size_t i = k = 0; !k && i < ARRAY_LEN(reply_shapes); i++)
			k = reply_match(reply_shapes[i], b->data + at, b->len - at);
		CHECK(k > 0);
	}
}
#endif

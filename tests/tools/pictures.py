#!/usr/bin/python3
"""pictures.py MUSTER OUT_DIR: pictures of the running program, for README and manual.

Starts a server of its own with 25 played sessions (demo_agent.sh), runs MUSTER on a pty that answers
as a dark or a light terminal does, presses keys, and draws what `muster replay --json --cells` says is
on the screen. Needs python3-pil and fonts-dejavu-core. Not part of build or test."""
import fcntl, json, os, pty, re, select, shutil, struct, subprocess, sys, tempfile, termios, time, uuid
from PIL import Image, ImageDraw, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
MUSTER, OUT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
LOOKS = {
    "dark": {"fg": 0xd7dae0, "bg": 0x16181c, "ansi": [
        0x1d1f21, 0xe06c75, 0x98c379, 0xe5c07b, 0x61afef, 0xc678dd, 0x56b6c2, 0xc8ccd4,
        0x6b727d, 0xff8a92, 0xb5e08c, 0xffd98f, 0x82c4ff, 0xdd9bf0, 0x7fd4de, 0xffffff]},
    "light": {"fg": 0x1f2328, "bg": 0xffffff, "ansi": [
        0x24292e, 0xb42318, 0x116329, 0x875300, 0x0550ae, 0x7a3fd1, 0x05616b, 0x6e7781,
        0x57606a, 0xa40e26, 0x1a7f37, 0x6a4100, 0x0a66d0, 0x8f5be0, 0x1b7c83, 0x8c959f]},
}
SESSIONS = """permission api-refactor api 61 review
question docs-i18n docs 54
grows flaky-ci api 30
working parser-fuzz parse 74
working bench-arena parse 18
working compose-up infra 6
working migrate-vue3 front 49
working perf-trace api 30 review
done old-spike lab 90
done readme-pass docs 40
idle auth-review api 35 review
idle i18n-try2 docs 30
done perf-notes lab 52
idle todo-sweep front 39
idle lint-all api 34
idle nightly infra 70
idle sql-notes db 28
done release-24 front 47
done auth-spike api 11
done css-grid front 12
idle wasm-try lab 13
done schema-v7 db 14
working fuzz-2 parse 15
done changelog docs 16
idle cache-keys api 17"""


def rgb(v):
    return (v >> 16 & 255, v >> 8 & 255, v & 255)


def color(text, look, fallback):
    if not text:
        return rgb(look[fallback])
    if text[0] == "#":
        return rgb(int(text[1:], 16))
    n = int(text.split(":")[1])
    if n < 16:
        return rgb(look["ansi"][n])
    if n >= 232:
        return ((n - 232) * 10 + 8,) * 3
    level = (0, 95, 135, 175, 215, 255)
    return (level[(n - 16) // 36], level[(n - 16) // 6 % 6], level[(n - 16) % 6])


class Painter:
    """Cells to pixels; braille and rules are drawn, so that lines join."""

    def __init__(self, size=15):
        base = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono"
        self.font = ImageFont.truetype(base + ".ttf", size)
        self.bold = ImageFont.truetype(base + "-Bold.ttf", size)
        self.w = round(self.font.getlength("M"))
        self.h = round(size * 1.3)

    def cell(self, d, x, y, text, width, fg, bold):
        cp = ord(text[0]) if text else 32
        if 0x2800 <= cp < 0x2900:
            order = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
            for bit, (col, row) in enumerate(order):
                if cp - 0x2800 >> bit & 1:
                    cx = x + self.w * (1 + 2 * col) // 4
                    cy = y + self.h * (1 + 2 * row) // 8
                    d.rectangle((cx - 1, cy - 1, cx, cy), fill=fg)
        elif text in ("─", "━"):
            thick = 1 if text == "━" else 0
            d.rectangle((x, y + self.h // 2 - thick, x + self.w - 1, y + self.h // 2), fill=fg)
        elif text == "│":
            d.rectangle((x + self.w // 2, y, x + self.w // 2, y + self.h - 1), fill=fg)
        elif text == "▌":
            d.rectangle((x, y, x + self.w // 2 - 1, y + self.h - 1), fill=fg)
        elif 0x2581 <= cp <= 0x2588:
            top = y + self.h - self.h * (cp - 0x2580) // 8
            d.rectangle((x, top, x + self.w - 1, y + self.h - 1), fill=fg)
        elif text.strip():
            d.text((x, y), text, font=self.bold if bold else self.font, fill=fg)

    def draw(self, rows, cols, look, path):
        image = Image.new("RGB", (cols * self.w, len(rows) * self.h), rgb(look["bg"]))
        d = ImageDraw.Draw(image)
        for y, row in enumerate(rows):
            x = 0
            for c in row:
                w, attrs = c.get("w", 1), c.get("attrs", [])
                fg, bg = color(c.get("fg"), look, "fg"), color(c.get("bg"), look, "bg")
                if "inverse" in attrs:
                    fg, bg = bg, fg
                if "faint" in attrs:
                    fg = tuple((a + b) // 2 for a, b in zip(fg, bg))
                px, py = x * self.w, y * self.h
                if bg != rgb(look["bg"]):
                    d.rectangle((px, py, px + w * self.w - 1, py + self.h - 1), fill=bg)
                self.cell(d, px, py, c.get("t", " "), w, fg, "bold" in attrs)
                x += w
        margin = 12
        framed = Image.new("RGB", (image.width + 2 * margin, image.height + 2 * margin), rgb(look["bg"]))
        framed.paste(image, (margin, margin))
        framed.quantize(48, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path, os.path.getsize(path), "bytes")


class Terminal:
    """The program on a pty, and what it wrote."""

    QUESTIONS = re.compile(rb"\x1b\](1[01]);\?\x1b\\|\x1b\[c")

    def __init__(self, home, cols, rows, look, argv):
        self.look, self.cols, self.rows, self.bytes, self.at = look, cols, rows, b"", 0
        env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TMUX")}
        env.update(MUSTER_HOME=home, HOME=home, TERM="xterm-256color", COLORTERM="truecolor",
                   LC_ALL="C.UTF-8")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execve(argv[0], argv, env)

    def run(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            if not select.select([self.fd], [], [], 0.05)[0]:
                continue
            self.bytes += os.read(self.fd, 65536)
            for m in self.QUESTIONS.finditer(self.bytes, self.at):
                self.at = m.end()
                if m[1]:
                    c = self.look["fg" if m[1] == b"10" else "bg"]
                    part = "/".join("%02x%02x" % (v, v) for v in rgb(c))
                    os.write(self.fd, b"\x1b]%s;rgb:%s\x1b\\" % (m[1], part.encode()))
                else:
                    os.write(self.fd, b"\x1b[?62;22;52c")

    def press(self, keys, seconds=1.0):
        os.write(self.fd, keys)
        self.run(seconds)

    def picture(self, name):
        out = subprocess.run([MUSTER, "replay", "--size", f"{self.cols}x{self.rows}", "--json", "--cells",
                              "-"], input=self.bytes, stdout=subprocess.PIPE, check=True).stdout
        Painter().draw(json.loads(out)["cells"], self.cols, self.look, os.path.join(OUT, name + ".png"))

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


# what may sleep is seen within the minute
CONFIG = "[sampling]\ntick = 1s\n[reap]\nidle = 20s\nmin_age = 10s\nmin = 35M\n"


def start(home):
    """Those at rest are Claude's, with a conversation on disk: they can sleep."""
    env = dict(os.environ, MUSTER_HOME=home, HOME=home)
    for line in SESSIONS.splitlines():
        kind, name, where, mib, *tag = line.split()
        where = os.path.join(home, "w", where)
        os.makedirs(where, exist_ok=True)
        own, talk = [], str(uuid.uuid4())
        if kind in ("done", "idle"):
            own = ["--session-id", talk]
            kept = os.path.join(home, ".claude/projects", re.sub(r"[^A-Za-z0-9]", "-", where))
            os.makedirs(kept, exist_ok=True)
            with open(os.path.join(kept, talk + ".jsonl"), "w") as f:
                f.write('{"type":"user"}\n')
        subprocess.run([MUSTER, "new", "-d", "-n", name, "-c", where, "--size", "100x30"] +
                       [a for t in tag for a in ("-t", t)] + (["-p", "claude"] if own else []) +
                       ["--", os.path.join(HERE, "demo_agent.sh"), kind, name, mib] + own,
                       env=env, check=True, stdout=subprocess.DEVNULL)


def takes(home, look):
    """A picture each of what keys lead to from the dashboard: name, keys, seconds."""
    for name, *keys in (("reap", b"R"), ("search", b"s", b"assertions"), ("menu", b"g", b"\r", b"\x1c"),
                        ("slept", b"/flaky-ci\r", b"m")):
        t = Terminal(home, 120, 34, LOOKS[look], [MUSTER])
        t.run(4)
        for k in keys:
            t.press(k, 2)
        t.picture(name + "-" + look)
        t.close()


def main():
    home = tempfile.mkdtemp(prefix="muster-pictures-")
    os.makedirs(OUT, exist_ok=True)
    try:
        first = Terminal(home, 100, 28, LOOKS["dark"], [MUSTER])
        first.run(4)
        first.picture("first-run")
        first.close()
        with open(os.path.join(home, "config.ini"), "w") as f:
            f.write(CONFIG)
        start(home)
        time.sleep(float(os.environ.get("PICTURES_AFTER", "180")))  # plots want a past
        for look in LOOKS:
            t = Terminal(home, 120, 38, LOOKS[look], [MUSTER])
            t.run(4)
            t.picture("dashboard-" + look)
            t.close()
        subprocess.run([MUSTER, "hibernate", "flaky-ci", "--force"], env=dict(os.environ, MUSTER_HOME=home, HOME=home),
                       check=True, stdout=subprocess.DEVNULL)
        for look in LOOKS:
            takes(home, look)
        t = Terminal(home, 180, 46, LOOKS["dark"], [MUSTER])
        t.run(3)
        t.press(b"w", 4)
        t.picture("wall")
        t.close()
    finally:
        subprocess.run([MUSTER, "server", "stop", "--kill-sessions"], env=dict(os.environ, MUSTER_HOME=home),
                       stdout=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


main()

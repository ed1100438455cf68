#!/usr/bin/env python3
"""attach.py MUSTER SESSION plain|slow|cut [LINK]: an attached session of another machine, on a pty. What is typed
is numbered lines, which `cat` there says again; each must be there twice in the end, neither lost nor doubled."""
import fcntl, os, pty, select, statistics, struct, subprocess, sys, termios, time

muster, session, how = sys.argv[1:4]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execv(muster, [muster, "attach", session])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
seen = b""


def pump(seconds):
    global seen
    if select.select([fd], [], [], seconds)[0]:
        got = os.read(fd, 65536)
        seen += got
        if b"\x1b[c" in got:
            os.write(fd, b"\x1b[?62;22c")
        return True
    return False


def until(text, seconds):
    end = time.monotonic() + seconds
    while text not in seen:
        if time.monotonic() > end:
            return False
        pump(0.2)
    return True


def fail(what):
    print(f"{what}; it showed: {seen[-400:]!r}")
    os.kill(pid, 9)
    sys.exit(1)


def lines_there():
    text = subprocess.run([muster, "peek", session, "--history"], capture_output=True, text=True).stdout
    return [l for l in text.splitlines() if l.startswith(how)]


def say(n):
    """Typed, echoed and said again, before the next: a terminal mixes echo and output otherwise."""
    os.write(fd, f"{how} {n}\r".encode())
    end = time.monotonic() + 15
    while lines_there().count(f"{how} {n}") < 2:
        if time.monotonic() > end:
            fail(f"line {n} never came back")
        pump(0.1)


def echo(byte):
    global seen
    while pump(0.2):
        pass
    seen = b""
    t = time.monotonic()
    os.write(fd, byte)
    while byte not in seen:
        if time.monotonic() - t > 5:
            fail("no echo")
        pump(0.5)
    return time.monotonic() - t


if not until(b"hello", 15):
    fail("never attached")
while pump(0.5):
    pass
if how == "slow":
    times = [echo(b"x") for _ in range(60)]
    os.write(fd, b"\r")
    p50, p90 = statistics.median(times), sorted(times)[53]
    print(f"echo: median {p50 * 1000:.0f} ms, 90 of 100 {p90 * 1000:.0f} ms (round trip 100 ms)")
    if p50 > 0.120:
        fail("slower than a round trip and 20 ms")
else:
    typed = 0
    for typed in range(1, 6):
        say(typed)
    if how == "cut":
        link = sys.argv[4]
        subprocess.run(["ip", "link", "set", link, "down"], check=True)
        t = time.monotonic()
        seen = b""
        if not until(b"is away", 25):
            fail("nothing is said of the cut link")
        print(f"said after {time.monotonic() - t:.0f} s")
        while time.monotonic() - t < 30:
            pump(0.5)
        subprocess.run(["ip", "link", "set", link, "up"], check=True)
        t, seen = time.monotonic(), b""
        if not until(b"connected again", 40) and not until(f"{how} 5".encode(), 1):
            fail("it did not come back")
        print(f"back after {time.monotonic() - t:.1f} s")
        while pump(0.5):
            pass
        for typed in range(6, 9):
            say(typed)
    end = time.monotonic() + 10
    want = sorted(f"{how} {i}" for i in range(1, typed + 1) for _ in "12")
    while sorted(lines_there()) != want:
        if time.monotonic() > end:
            fail(f"lost or doubled: {lines_there()}")
        pump(0.2)
    print(f"{typed} lines, none lost, none doubled")
os.write(fd, b"\x1cd")
end = time.monotonic() + 5
while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < end:
    try:
        pump(0.1)
    except OSError:
        break

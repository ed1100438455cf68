# Not run here: see README.md. Linux only: muster reads /proc.
class Muster < Formula
  desc "Keeps AI coding CLI sessions alive and knows what each costs"
  homepage "https://example.org/muster"
  url "file:///muster-0.1.0.tar.gz"
  license "MIT"

  depends_on "pkg-config" => :build
  depends_on "inih"
  depends_on "jansson"
  depends_on "libuv"
  depends_on :linux
  depends_on "ncurses"
  depends_on "pcre2"
  depends_on "sqlite"
  depends_on "utf8proc"
  depends_on "zstd"

  def install
    system "make", "PREFIX=#{prefix}", "install"
  end

  test do
    assert_match "muster", shell_output("#{bin}/muster --version")
    assert_match "hi", pipe_output("#{bin}/muster replay -", "hi")
  end
end

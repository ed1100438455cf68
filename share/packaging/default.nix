# Not run here: see README.md.
{ pkgs ? import <nixpkgs> { } }:
pkgs.stdenv.mkDerivation {
  pname = "muster";
  version = "0.1.0";
  src = ../..;
  nativeBuildInputs = [ pkgs.pkg-config ];
  buildInputs = with pkgs; [ libuv ncurses sqlite utf8proc zstd jansson inih pcre2 ];
  makeFlags = [ "PREFIX=$(out)" ];
  buildFlags = [ "all" "man" ];
  meta = {
    description = "Keeps AI coding CLI sessions alive and knows what each costs";
    license = pkgs.lib.licenses.mit;
    platforms = pkgs.lib.platforms.linux;
    mainProgram = "muster";
  };
}

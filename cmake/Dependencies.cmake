# What besra stands on; ARCHITECTURE.md gives the reason for each.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenCVDnn 4.5 REQUIRED)
find_package(GIF 5.1 REQUIRED) # has no pkg-config file; target GIF::GIF
find_package(OneDNN) # optional: --precision bf16

foreach(module libconfig libprotobuf-c libjpeg libpng libwebp libwebpmux libtiff-4 lcms2 freetype2 harfbuzz
               fontconfig jansson nettle expat)
  string(REGEX REPLACE "^lib|-4$|-c$" "" name ${module})
  string(TOUPPER ${name} name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
endforeach()
# Targets: PkgConfig::CONFIG PROTOBUF JPEG PNG WEBP WEBPMUX TIFF LCMS2 FREETYPE2 HARFBUZZ FONTCONFIG JANSSON NETTLE EXPAT

# Optional: videos, streams and cameras. FFmpeg 5 or newer.
pkg_check_modules(LIBAV IMPORTED_TARGET libavformat>=59 libavcodec>=59 libswscale>=6 libavutil>=57)
pkg_check_modules(AVDEVICE IMPORTED_TARGET libavdevice>=59) # its header only: cameras open it when they are
pkg_check_modules(SDL2 IMPORTED_TARGET sdl2>=2.0.18) # optional: besra view, besra live (PkgConfig::SDL2)
pkg_check_modules(MICROHTTPD IMPORTED_TARGET libmicrohttpd>=0.9.75) # optional: besra live --mjpeg

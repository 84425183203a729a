/* media/module/video_input.h: a source that is being read, for the two files that do it. */
#pragma once

#include "media/module/video_libav.h"

struct video_input {
    struct video_host  host;
    AVFormatContext   *format;
    AVIOContext       *bytes; /* of a file */
    AVStream          *stream;
    AVCodecContext    *codec;
    AVPacket          *packet;
    AVFrame           *frame;
    struct SwsContext *scaler;
    bool               device, live;
    bool               untimed;    /* the container has no time stamps */
    bool               ended;      /* the decoder was told so */
    double             wanted;     /* seconds: what is before was asked for by nobody */
    bool               whole;      /* a frame was, since the last jump */
    bool               astray;     /* after a jump, until a key frame: what comes before can't be decoded */
    bool               owed;       /* a frame, by the packet that was sent: a codec without a memory */
    double             arrived_ms; /* the newest packet */
};

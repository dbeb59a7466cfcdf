#!/bin/sh
# Make demo/{clean,bursty,slow}.ts: loops of 60 s in H.264 and AAC, each with its name and a running clock.
#
# The end fits the beginning: the hand turns once in 60 s, the tones repeat every second, and 60 s are a whole
# number of video frames (1500), of GOPs (30) and of AAC frames (60 * 32000 / 1024 = 1875).
# The same FFmpeg makes the same bytes. Needs FFmpeg with libx264 and the DejaVu fonts.
set -eu
cd "$(dirname "$0")/.."

font=$(fc-match --format='%{file}' 'DejaVu Sans:bold')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg() { command ffmpeg -nostdin -hide_banner -loglevel error -y -fflags +bitexact "$@"; }

# The face of the clock: its centre is at 470,180. Each $1 degrees a mark of $2 by $3 pixels at radius $4.
marks() {
    step=$1 width=$2 height=$3 radius=$4 angle=0
    while [ "$angle" -lt 360 ]; do
        awk -v a="$angle" -v w="$width" -v h="$height" -v r="$radius" 'BEGIN {
            rad = a * 3.14159265358979 / 180
            printf ",drawbox=x=%d:y=%d:w=%d:h=%d:color=white:t=fill",
                470 + r * sin(rad) - w / 2 + 0.5, 180 - r * cos(rad) - h / 2 + 0.5, w, h }'
        angle=$((angle + step))
    done
}

# clip NAME BACKGROUND HAND TONE_HZ PROFILE B_FRAMES
clip() {
    name=$1 background=$2 hand=$3 tone=$4 profile=$5 b_frames=$6

    # The encoder's first frames know no past: leave out 4 s (125 frames, after which the tones are in step
    # again) and the one that primes the decoder, so that the first frame follows the last.
    ffmpeg -f lavfi \
        -i "aevalsrc='if(lt(mod(t,1),0.1),0.25*sin(2*PI*2*$tone*t),0.06*sin(2*PI*$tone*t))':s=32000:d=68" \
        -c:a aac -b:a 24k -flags:a +bitexact -bsf:a "noise=drop='lt(n,126)'" -frames:a 1875 \
        -f adts "$work/$name.aac"

    text="drawtext=fontfile=$font:fontcolor=white"
    ffmpeg \
        -f lavfi -i "color=$background:s=640x360:r=25:d=60,format=yuv444p$(marks 30 6 6 150)$(marks 90 12 12 150)" \
        -f lavfi -i "color=black@0:s=300x300:r=25:d=60,format=yuva444p,drawbox=x=146:y=16:w=8:h=150:color=$hand:t=fill:replace=1,rotate='2*PI*t/60':c=black@0" \
        -i "$work/$name.aac" \
        -filter_complex "
            [0][1]overlay=x=470-150:y=180-150:format=yuv444,
            $text:fontsize=54:x=40:y=52:text='$name',
            $text:fontsize=22:x=42:y=120:text='acehls demo',
            $text:fontsize=110:x=36:y=186:text='%{eif\:mod(t,60)\:d\:2}',
            $text:fontsize=30:x=190:y=250:text='%{eif\:mod(n,25)\:d\:2}/25',
            drawbox=x=40:y=318:w=240:h=8:color=white@0.25:t=fill,
            drawtext=fontfile=$font:fontcolor=$hand:fontsize=30:text=●:x='40+108*(1-cos(2*PI*t/4))':y=307,
            format=yuv420p[v]" \
        -map '[v]' -map 2:a -c:a copy -bitexact \
        -c:v libx264 -profile:v "$profile" -preset veryslow -tune animation -crf 29 -threads 1 \
        -x264-params "keyint=50:min-keyint=50:scenecut=0:open-gop=0:bframes=$b_frames:ref=3" \
        -f mpegts -muxdelay 0 -muxpreload 0 -pat_period 1 -sdt_period 10 \
        -metadata service_provider=acehls -metadata service_name="Demo $name" "demo/$name.ts"
}

clip clean 0x0b4f5c 0xffd166 220 main 2
clip bursty 0x5b2a5f 0x7ee081 262 main 2
clip slow 0x6a3b14 0x8ecbff 330 baseline 0
ls -l demo/*.ts

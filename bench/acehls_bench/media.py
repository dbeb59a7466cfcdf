"""The clips that the channels play. Made once, kept in target/bench."""

import shutil
import subprocess

from .machine import say

SECONDS = 24  # a whole number of GOPs (12), video frames (600) and AAC frames (1125)
GOP_SECONDS = 2
RATES = (5, 6, 7, 8)  # Mbit/s


def clip(folder, megabits, video_kilobits=None):
    """A clip of 720p25 H.264 with B-frames and AAC at about `megabits` Mbit/s, closed GOPs of 2 s."""
    path = folder / f"clip-{megabits}M.ts"
    if path.exists():
        return path
    say(f"making {path.name}")
    # Transport stream, PES and AAC take their share of the rate.
    kilobits = video_kilobits or int((megabits * 1000 - 150) * 0.965)
    making = path.with_suffix(".part")
    picture = f"testsrc2=s=1280x720:r=25:d={SECONDS},noise=alls=24:allf=t:all_seed={megabits}"
    ffmpeg(
        "-f", "lavfi", "-i", picture,
        "-f", "lavfi", "-i", f"sine=f={220 * megabits}:r=48000:d={SECONDS}",
        "-c:v", "libx264", "-preset", "superfast", "-profile:v", "main", "-pix_fmt", "yuv420p",
        "-b:v", f"{kilobits}k", "-minrate", f"{kilobits}k", "-maxrate", f"{kilobits}k", "-bufsize", f"{kilobits}k",
        "-x264-params", "keyint=50:min-keyint=50:scenecut=0:open-gop=0:bframes=2:nal-hrd=cbr",
        "-c:a", "aac", "-b:a", "128k", "-frames:a", str(SECONDS * 48000 // 1024),
        "-f", "mpegts", making,
    )
    making.rename(path)
    return path


def recording(folder, size):
    """A recording of at least `size` bytes, by playing a clip again and again with time going on."""
    path = folder / f"recording-{size}.ts"
    if path.exists():
        return path
    source = clip(folder, RATES[-1])
    say(f"making {path.name}")
    making = path.with_suffix(".part")
    times = -(-size // source.stat().st_size)
    ffmpeg("-stream_loop", str(times - 1), "-i", source, "-c", "copy", "-f", "mpegts", making)
    making.rename(path)
    return path


def ffmpeg(*arguments):
    if not shutil.which("ffmpeg"):
        raise SystemExit("ffmpeg is not installed, and there are no clips in target/bench yet: it has to make them")
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], check=True)

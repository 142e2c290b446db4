"""uvicorn in a process that lets a profiler in: `python -m benchmarks.flamegraph …` instead of `-m uvicorn …`.

Where Linux lets a process be looked into by its ancestors alone (Yama), it has to be asked for more. Elsewhere the
request is not understood, and not needed.
"""

import ctypes

import uvicorn

PR_SET_PTRACER = 0x59616D61
ANYBODY = ctypes.c_ulong(-1)

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
    uvicorn.main()

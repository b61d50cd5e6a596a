"""Times the first request of a handler, its import included: first_request.py <module> <file of the event>."""

import json
import sys
import time

module, file = sys.argv[1:]
with open(file, encoding="utf-8") as text:
    event = json.load(text)

started = time.perf_counter()
answer = __import__(module).handler(event, None)
milliseconds = (time.perf_counter() - started) * 1000
print(json.dumps({"milliseconds": milliseconds, "answer": answer}), flush=True)

"""What `autoloss detect --json` prints (standard input) as COCO results with the ids of an instances file.

usage: coco_results.py INSTANCES.json < detect.json
"""

import json
import os
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    truth = json.load(file)
found = json.load(sys.stdin)
image_ids = {os.path.basename(image["file_name"]): image["id"] for image in truth["images"]}
category_ids = {category["name"]: category["id"] for category in truth["categories"]}
images = {image["id"]: image_ids[os.path.basename(image["file_name"])] for image in found["images"]}
categories = {category["id"]: category_ids[category["name"]] for category in found["categories"]}
results = [
    {
        **result,
        "image_id": images[result["image_id"]],
        "category_id": categories[result["category_id"]],
    }
    for result in found["results"]
]
json.dump(results, sys.stdout)

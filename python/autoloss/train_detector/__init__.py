"""`python -m autoloss.train_detector`: trains a torchvision detector with given losses on a COCO folder.

Needs torchvision and pycocotools (`pip install autoloss[detectors]`); nothing is downloaded unless asked for.
"""

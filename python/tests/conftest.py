"""One thread for every test: small tensors gain nothing from more, and threads that wait for each other cost much."""

import torch

torch.set_num_threads(1)

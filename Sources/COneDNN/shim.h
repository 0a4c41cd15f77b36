#include <oneapi/dnnl/dnnl.h>

// Swift's clang ships no omp.h; oneDNN 2.6 from Debian runs on libgomp. Acts on the calling thread only.
void omp_set_num_threads(int threads);

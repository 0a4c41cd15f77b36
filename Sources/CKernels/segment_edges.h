// Soft boundaries of one class of one image, row by row.
// Included by segment_body.h, after segment_blocks.h.

// A plane with a border of one number around, and whole vectors a row.
#define SEG_BORDERED(plane) ((plane)->stride + 2 * 16)

FK_INLINE vi seg_columns(int64_t x, int64_t width) {
  vi column;
  for (int lane = 0; lane < FK_WIDTH; lane++) column[lane] = lane;
  return column + (int32_t)x < (int32_t)width;
}

void SEG(edges)(const segment_plane *plane, const segment_curve *curves, const float *p, float *e, float *by_p,
                float *by_m, uint8_t *places, float *room) {
  int64_t line = SEG_BORDERED(plane), width = plane->width, stride = plane->stride;
  for (int64_t k = 0; k < line * (plane->height + 2); k++) room[k] = __builtin_inff();
  for (int64_t y = 0; y < plane->height; y++)
    memcpy(room + (y + 1) * line + 1, p + y * width, width * sizeof *p);
  for (int64_t y = 0; y < plane->height; y++) {
    for (int64_t x = 0; x < stride; x += FK_WIDTH) {
      const float *window = room + y * line + x;
      vf least = seg_at(window);
      vi place = seg_same(0);
      for (int k = 1; k < 9; k++) {
        vf next = seg_at(window + k / 3 * line + k % 3);
        vi lower = next < least;
        least = fk_select(lower, next, least);
        place = (lower & seg_same(k)) | (~lower & place);
      }
      vf centre = seg_at(window + line + 1), rise[4], value[4];
      for (int k = 0; k < 4; k++)
        value[k] = seg_curve(curves[k].pieces, curves[k].count, k % 2 ? least : centre, &rise[k]);
      vf rest = 1.0f - value[2], other = 1.0f - value[3];
      vi inside = seg_columns(x, width);
      int64_t at = y * stride + x;
      vf edge = fk_fma(-value[0], value[1], fk_fma(rest, value[3], value[2]));
      seg_put(e + at, seg_where(inside, edge) + 0.0f);
      seg_put(by_p + at, seg_where(inside, fk_fma(-rise[0], value[1], rise[2] * other)));
      seg_put(by_m + at, seg_where(inside, fk_fma(-rise[1], value[0], rise[3] * rest)));
      *(vb *)(places + at) = __builtin_convertvector(place, vb);
    }
  }
}

void SEG(edges_backward)(const segment_plane *plane, const float *ge, const float *by_p, const float *by_m,
                         const uint8_t *places, float *gp, float *room) {
  int64_t line = SEG_BORDERED(plane), stride = plane->stride, height = plane->height, width = plane->width;
  // What each pixel hands to the place of its least, with a border of zeros, and those places.
  float *handed = room;
  uint8_t *where = (uint8_t *)(room + line * (height + 2));
  memset(handed, 0, line * (height + 2) * sizeof *handed);
  memset(where, 9, line * (height + 2));
  for (int64_t y = 0; y < height; y++) {
    for (int64_t x = 0; x < stride; x += FK_WIDTH) {
      int64_t at = y * stride + x;
      seg_put(handed + (y + 1) * line + x + 1, seg_at(ge + at) * seg_at(by_m + at));
    }
    memcpy(where + (y + 1) * line + 1, places + y * stride, width);
  }
  for (int64_t y = 0; y < height; y++)
    for (int64_t x = 0; x < width; x += FK_WIDTH) {
      int64_t at = y * stride + x;
      vf sum = seg_at(ge + at) * seg_at(by_p + at);
      // A pixel whose least is at place k of its window lies at place 8 - k of the window around that least.
      for (int k = 0; k < 9; k++) {
        int64_t from = (y + k / 3) * line + x + k % 3;
        vi is = __builtin_convertvector(*(const vb *)(where + from), vi) == seg_same(8 - k);
        sum += seg_where(is, seg_at(handed + from));
      }
      if (x + FK_WIDTH <= width) {
        seg_put(gp + y * width + x, sum);
      } else {
        for (int64_t lane = 0; lane < width - x; lane++) gp[y * width + x + lane] = sum[lane];
      }
    }
}

void SEG(edge_sums)(const segment_plane *plane, const float *e, const uint64_t *near, int bit, double *sums) {
  for (int64_t y = 0; y < plane->height; y++) {
    const float *row = e + y * plane->stride;
    const uint64_t *words = near + y * plane->width;
    vf close = fk_splat(0), all = fk_splat(0);
    int64_t x = 0;
    for (; x + FK_WIDTH <= plane->width; x += FK_WIDTH) {
      vi is = -__builtin_convertvector((*(const vw *)(words + x) >> (uint64_t)bit) & 1, vi);
      vf edge = seg_at(row + x);
      close += seg_where(is, edge);
      all += edge;
    }
    sums[0] += seg_sum(close);
    sums[1] += seg_sum(all);
    for (; x < plane->width; x++) {
      if (words[x] >> bit & 1) sums[0] += row[x];
      sums[1] += row[x];
    }
  }
}

void SEG(edge_gradients)(const segment_plane *plane, const uint64_t *near, int bit, float all, float close, float *ge) {
  for (int64_t y = 0; y < plane->height; y++) {
    float *row = ge + y * plane->stride;
    const uint64_t *words = near + y * plane->width;
    int64_t x = 0;
    for (; x + FK_WIDTH <= plane->width; x += FK_WIDTH) {
      vi is = -__builtin_convertvector((*(const vw *)(words + x) >> (uint64_t)bit) & 1, vi);
      seg_put(row + x, fk_select(is, fk_splat(all + close), fk_splat(all)));
    }
    for (; x < plane->width; x++) row[x] = words[x] >> bit & 1 ? all + close : all;
    for (; x < plane->stride; x++) row[x] = 0;
  }
}

void SEG(keys)(const segment_plane *plane, const float *e, uint64_t *keys) {
  for (int64_t y = 0; y < plane->height; y++)
    for (int64_t x = 0; x < plane->width; x++) {
      uint32_t bits, place = (uint32_t)(y * plane->width + x);
      memcpy(&bits, e + y * plane->stride + x, sizeof bits);
      bits ^= (uint32_t)((int32_t)bits >> 31) | 0x80000000u;
      keys[y * plane->width + x] = (uint64_t)bits << 32 | (uint32_t)~place;
    }
}

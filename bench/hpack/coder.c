/*
 * One measurement of nghttp2's HPACK, a process of its own: decodes field blocks, or encodes field lists, over and over.
 * Arguments: `decode` or `encode`, path of what hpack/blocks.mjs wrote, warm-up and window in ms of CPU. Prints what
 * hpack/measure.mjs tells: { units, cpuUs, wallMs, fields, hash }: lists, and of one pass the number of fields and their hash
 * (parse/fields.mjs). With the one argument `version` it prints that of the library.
 */
#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TABLE_OCTETS 4096
#define BLOCK_OCTETS_MAX 65536

typedef struct {
  uint8_t *octets;
  size_t length;
} block;

typedef struct {
  nghttp2_nv *fields;
  size_t count;
} list;

static uint8_t *at;
static block *blocks;
static uint32_t block_count;
static list *lists;
static uint32_t list_count;
static nghttp2_hd_inflater *inflater;
static nghttp2_hd_deflater *deflater;

static uint64_t fields_seen;
static uint32_t hash;

static void fail(const char *what) {
  fprintf(stderr, "Cannot count lists: %s\n", what);
  exit(1);
}

static double now_us(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static uint32_t u32(void) {
  uint32_t value;
  memcpy(&value, at, 4);
  at += 4;
  return value;
}

static uint8_t *octets(size_t *length) {
  *length = u32();
  uint8_t *start = at;
  at += *length;
  return start;
}

static void read_blocks(void) {
  block_count = u32();
  blocks = calloc(block_count, sizeof(block));
  for (uint32_t i = 0; i < block_count; i++) blocks[i].octets = octets(&blocks[i].length);
}

static void read_lists(void) {
  list_count = u32();
  lists = calloc(list_count, sizeof(list));
  for (uint32_t i = 0; i < list_count; i++) {
    lists[i].count = u32();
    lists[i].fields = calloc(lists[i].count, sizeof(nghttp2_nv));
    for (size_t j = 0; j < lists[i].count; j++) {
      nghttp2_nv *nv = &lists[i].fields[j];
      nv->name = octets(&nv->namelen);
      nv->value = octets(&nv->valuelen);
      nv->flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
    }
  }
}

static void hashed(const uint8_t *from, size_t length) {
  for (size_t i = 0; i < length; i++) hash = (hash ^ from[i]) * 0x01000193u;
}

/* Decodes one block; `hashes`: adds each field to the hash. */
static void decode(const uint8_t *in, size_t length, int hashes) {
  for (;;) {
    nghttp2_nv nv;
    int flags = 0;
    ssize_t taken = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, in, length, 1);
    if (taken < 0) fail("nghttp2 refused a block");
    in += taken;
    length -= (size_t)taken;
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      fields_seen++;
      if (hashes) {
        hashed(nv.name, nv.namelen);
        hashed((const uint8_t *)":", 1);
        hashed(nv.value, nv.valuelen);
        hashed((const uint8_t *)"\n", 1);
      }
    }
    if (flags & NGHTTP2_HD_INFLATE_FINAL) {
      nghttp2_hd_inflate_end_headers(inflater);
      return;
    }
  }
}

static uint8_t out[BLOCK_OCTETS_MAX];

static size_t encode(const list *one) {
  ssize_t length = nghttp2_hd_deflate_hd(deflater, out, sizeof(out), one->fields, one->count);
  if (length < 0) fail("nghttp2 did not encode a list");
  return (size_t)length;
}

static uint32_t pass(void) {
  if (blocks != NULL) {
    for (uint32_t i = 0; i < block_count; i++) decode(blocks[i].octets, blocks[i].length, 0);
    return block_count;
  }
  for (uint32_t i = 0; i < list_count; i++) encode(&lists[i]);
  return list_count;
}

static uint64_t spin(double ms) {
  double until = now_us(CLOCK_PROCESS_CPUTIME_ID) + ms * 1e3;
  uint64_t units = 0;
  do {
    for (int i = 0; i < 16; i++) units += pass();
  } while (now_us(CLOCK_PROCESS_CPUTIME_ID) < until);
  return units;
}

/* One pass, hashed: of the blocks as the tables are now, of the lists with tables of their own. */
static void check(void) {
  fields_seen = 0;
  hash = 0x811c9dc5u;
  if (blocks != NULL) {
    for (uint32_t i = 0; i < block_count; i++) decode(blocks[i].octets, blocks[i].length, 1);
    return;
  }
  nghttp2_hd_deflate_del(deflater);
  if (nghttp2_hd_deflate_new(&deflater, TABLE_OCTETS) != 0 || nghttp2_hd_inflate_new(&inflater) != 0) fail("no memory");
  for (uint32_t i = 0; i < list_count; i++) decode(out, encode(&lists[i]), 1);
}

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("its input is not there");
  fseek(file, 0, SEEK_END);
  size_t length = (size_t)ftell(file);
  rewind(file);
  at = malloc(length);
  if (fread(at, 1, length, file) != length) fail("its input could not be read");
  fclose(file);
}

int main(int words, char **word) {
  if (words == 2 && strcmp(word[1], "version") == 0) return puts(nghttp2_version(0)->version_str) < 0;
  if (words != 5) return 2;
  load(word[2]);
  if (strcmp(word[1], "decode") == 0) {
    read_blocks();
    if (nghttp2_hd_inflate_new(&inflater) != 0) fail("no memory");
  } else {
    read_lists();
    if (nghttp2_hd_deflate_new(&deflater, TABLE_OCTETS) != 0) fail("no memory");
  }
  spin(atof(word[3]));
  double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID), wall = now_us(CLOCK_MONOTONIC);
  uint64_t units = spin(atof(word[4]));
  cpu = now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  wall = now_us(CLOCK_MONOTONIC) - wall;
  check();
  printf("{\"units\":%llu,\"cpuUs\":%.3f,\"wallMs\":%.6f,\"fields\":%llu,\"hash\":%u}\n", (unsigned long long)units, cpu,
         wall / 1e3, (unsigned long long)fields_seen, hash);
  return 0;
}

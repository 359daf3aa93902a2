/*
 * One measurement of picohttpparser, a process of its own: parses one response head again and again.
 * Arguments: path of the head, warm-up and window in ms of CPU, number of fields. Prints what parse/measure.mjs tells:
 * { units, cpuUs, wallMs, fields, hash }. The hash is that of parse/fields.mjs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "picohttpparser.h"

#define FIELDS_MAX 256
#define HEAD_OCTETS_MAX 65536
/* Heads between two looks at the clock. */
#define BATCH 1024

static char head[HEAD_OCTETS_MAX];
static size_t head_octets;
static struct phr_header fields[FIELDS_MAX];

static double now_us(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return at.tv_sec * 1e6 + at.tv_nsec / 1e3;
}

/* Number of fields of the head, or SIZE_MAX if it is not read to its end. */
static size_t parse(void) {
  int minor, status;
  const char *reason;
  size_t reason_octets, count = FIELDS_MAX;
  int read = phr_parse_response(head, head_octets, &minor, &status, &reason, &reason_octets, fields, &count, 0);
  return read == (int)head_octets && status == 200 ? count : SIZE_MAX;
}

/* Parses until `ms` of CPU are used; how many times. */
static uint64_t spin(double ms, size_t expected) {
  double until = now_us(CLOCK_PROCESS_CPUTIME_ID) + ms * 1e3;
  uint64_t units = 0;
  do {
    for (int i = 0; i < BATCH; i++) {
      if (parse() != expected) {
        fprintf(stderr, "Cannot count a head: picohttpparser did not find %zu fields\n", expected);
        exit(1);
      }
    }
    units += BATCH;
  } while (now_us(CLOCK_PROCESS_CPUTIME_ID) < until);
  return units;
}

static uint32_t hashed(uint32_t hash, const char *octets, size_t length, int folded) {
  for (size_t i = 0; i < length; i++) {
    unsigned char octet = (unsigned char)octets[i];
    if (folded && octet >= 'A' && octet <= 'Z') octet |= 0x20;
    hash = (hash ^ octet) * 0x01000193u;
  }
  return hash;
}

static uint32_t hash_of(size_t count) {
  uint32_t hash = 0x811c9dc5u;
  for (size_t i = 0; i < count; i++) {
    hash = hashed(hash, fields[i].name, fields[i].name_len, 1);
    hash = hashed(hash, ":", 1, 0);
    hash = hashed(hash, fields[i].value, fields[i].value_len, 0);
    hash = hashed(hash, "\n", 1, 0);
  }
  return hash;
}

int main(int words, char **word) {
  if (words != 5) return 2;
  FILE *file = fopen(word[1], "rb");
  if (file == NULL) {
    perror(word[1]);
    return 2;
  }
  head_octets = fread(head, 1, HEAD_OCTETS_MAX, file);
  fclose(file);
  size_t expected = (size_t)atoi(word[4]);
  spin(atof(word[2]), expected);
  double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID), wall = now_us(CLOCK_MONOTONIC);
  uint64_t units = spin(atof(word[3]), expected);
  cpu = now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  wall = now_us(CLOCK_MONOTONIC) - wall;
  size_t count = parse();
  printf("{\"units\":%llu,\"cpuUs\":%.3f,\"wallMs\":%.6f,\"fields\":%zu,\"hash\":%u}\n", (unsigned long long)units, cpu,
         wall / 1e3, count, hash_of(count));
  return 0;
}

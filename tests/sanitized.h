#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H
/* SANITIZED: a sanitizer's own memory, mappings and faults are among what the system counts.
 * THREADS_SANITIZED: each of the program's pages has shadows that are met with it. */
#if defined(__has_feature)
#define THREADS_SANITIZED __has_feature(thread_sanitizer)
#define SANITIZED (THREADS_SANITIZED || __has_feature(address_sanitizer))
#else
#ifdef __SANITIZE_THREAD__
#define THREADS_SANITIZED 1
#else
#define THREADS_SANITIZED 0
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED THREADS_SANITIZED
#endif
#endif
#endif

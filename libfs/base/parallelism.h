// SPDX-License-Identifier: MIT
// How many threads a verb may use. Apart from the pipelines, so that headers with options need not include oneTBB.
#pragma once

namespace btrkit {

/// How much runs at once. The result never depends on it.
struct Parallelism {
    unsigned threads = 1;

    /// Inputs that may exist at the same time: bounds memory.
    unsigned in_flight() const { return threads + 2; }
};

} // namespace btrkit

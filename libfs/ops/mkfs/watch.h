// SPDX-License-Identifier: MIT
// What looks on while a filesystem is made: who is told how far it got, and who may stop it.
#pragma once

#include "libfs/base/progress.h"
#include "libfs/base/stop.h"

namespace btrkit::mkfs {

struct Watch {
    ProgressSink* progress = nullptr; ///< null: nobody wants to know
    StopToken stop = {};

    bool is_stopped() const { return stop.stop_requested(); }
    void begin(std::string_view phase, u64 total_bytes) const {
        if (progress != nullptr) {
            progress->begin_phase(phase, total_bytes, ProgressUnit::bytes);
        }
    }
    void advance(u64 bytes) const {
        if (progress != nullptr) {
            progress->advance(bytes);
        }
    }
};

} // namespace btrkit::mkfs

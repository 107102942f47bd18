// SPDX-License-Identifier: MIT
// How far a verb has come. Verbs tell; what is shown of it, and how often, is the business of apps/.
#pragma once

#include "libfs/base/address.h"

#include <string_view>

namespace btrkit {

enum class ProgressUnit { bytes, items };

class ProgressSink {
public:
    virtual ~ProgressSink() = default;
    ProgressSink(const ProgressSink&) = delete;
    ProgressSink& operator=(const ProgressSink&) = delete;

    /// A part of the work begins, and the one before it has ended. Not while other threads advance.
    /// phase: what is being done, e.g. "writing files". total: 0 where nobody knows.
    virtual void begin_phase(std::string_view phase, u64 total, ProgressUnit unit) = 0;

    /// So much more is done. Cheap enough for every tree block; from any thread.
    virtual void advance(u64 amount) = 0;

protected:
    ProgressSink() = default;
};

/// Where a verb tells how far it is. The sink outlives it; without a sink nobody wants to know.
class Progress {
public:
    Progress() = default;
    explicit Progress(ProgressSink& sink) : sink_(&sink) {}

    void begin_phase(std::string_view phase, u64 total, ProgressUnit unit) const {
        if (sink_ != nullptr) {
            sink_->begin_phase(phase, total, unit);
        }
    }
    void advance(u64 amount) const {
        if (sink_ != nullptr) {
            sink_->advance(amount);
        }
    }

private:
    ProgressSink* sink_ = nullptr;
};

} // namespace btrkit

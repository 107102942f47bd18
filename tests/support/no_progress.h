// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/base/progress.h"

namespace btrkit::test {

/// For work that nobody watches.
class NoProgress final : public ProgressSink {
public:
    NoProgress() = default;
    void begin_phase(std::string_view, u64, ProgressUnit) override {}
    void advance(u64) override {}
};

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// What tests of several devices do again and again.
#pragma once

#include "tests/support/volume_image.h"

namespace btrkit::test {

using Devices = std::vector<std::unique_ptr<BlockDevice>>;

template <class... Device>
Devices list(Device... devices) {
    Devices all;
    (all.push_back(std::move(devices)), ...);
    return all;
}

inline std::vector<ProblemCode> codes(const Problems& problems) {
    std::vector<ProblemCode> all;
    std::ranges::transform(problems, std::back_inserter(all), [](const Problem& problem) { return problem.code; });
    return all;
}

inline ProblemSink into(Problems& problems) {
    return [&problems](const Problem& problem) { problems.push_back(problem); };
}

inline Problems late_problems(const Volume& volume) {
    Problems problems;
    volume.report_devices(into(problems));
    return problems;
}

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
#include "tests/support/filesystem_portrait.h"

#include "libfs/fs/path_lookup.h"
#include "libfs/ops/check/check.h"

#include <stdexcept>

#include <fmt/format.h>

namespace btrkit::test {

namespace {

/// Between the writing of two superblocks, with everything as it should be: mirrors and devices that are behind.
bool comes_with_a_cut(ProblemCode code) {
    return code == ProblemCode::super_mirror_stale || code == ProblemCode::super_mirror_invalid ||
           code == ProblemCode::super_mirror_differs || code == ProblemCode::device_stale;
}

} // namespace

Result<Portrait> portrait_of(Devices devices) {
    survey::Findings opening;
    BTRKIT_TRY_ASSIGN(const auto filesystem,
                      Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); }));
    BTRKIT_TRY_ASSIGN(const auto top, find_path(filesystem, "/"));
    BTRKIT_TRY_ASSIGN(auto listing, list_image(filesystem, top));
    auto report = check::run(filesystem, std::move(opening), {.hash_seed = 1}, {});
    return Portrait{.generation = filesystem.super().generation,
                    .listing = std::move(listing),
                    .findings = std::move(report.findings)};
}

Portrait must_portray(Devices devices, std::string_view which) {
    auto portrait = portrait_of(std::move(devices));
    if (!portrait) {
        throw std::runtime_error(fmt::format("the filesystem {}: {}", which, portrait.error().message));
    }
    return std::move(*portrait);
}

std::string how_it_differs(const Portrait& state, const Portrait& whole) {
    if (const auto differing = differences(state.listing, whole.listing, {}); !differing.empty()) {
        return differing.front();
    }
    for (const auto& finding : state.findings.all()) {
        const auto code = finding.problem.code;
        if (!comes_with_a_cut(code) && state.findings.count(code) > whole.findings.count(code)) {
            return describe(finding.problem);
        }
    }
    return {};
}

std::string what_is_wrong(const Portrait& state, const Portrait& before, const Portrait& after) {
    if (state.generation != before.generation && state.generation != after.generation) {
        return fmt::format("it has generation {}", state.generation);
    }
    const auto why = how_it_differs(state, state.generation == after.generation ? after : before);
    return why.empty() ? why : fmt::format("not what generation {} is: {}", state.generation, why);
}

std::vector<std::string> more_than(const survey::Findings& findings, const survey::Findings& other) {
    std::vector<std::string> lines;
    for (const auto& finding : findings.all()) {
        if (findings.count(finding.problem.code) > other.count(finding.problem.code)) {
            lines.push_back(describe(finding.problem));
        }
    }
    return lines;
}

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// A whole filesystem in which everything is moved: the small ones of base.blocks and history.blocks with edits (see
// edited_image.h). The first byte chooses which of them, what is done, and by how many threads; the rest are the edits.
// Whatever comes of it, a check finds nothing that it has not found before, and no error is one of ours.
#include "libfs/ops/resize/resize.h"
#include "libfs/ops/check/check.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/defragment/defragment.h"
#include "libfs/ops/subvolume/change.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>
#include <map>
#include <tuple>

using namespace btrkit;

namespace {

enum class Verb : u8 { compact, shrink, defragment, recompress, sync };
constexpr unsigned verb_count = 5;

using Findings =
    std::map<std::tuple<ProblemCode, std::optional<u64>, std::optional<btrfs::Key>, std::optional<u64>>, unsigned>;

Findings findings_of(const WritableDevices& devices) {
    survey::Findings opening;
    const auto filesystem = commit::open_again(devices, [&](const Problem& problem) { opening.add(problem); });
    if (!filesystem) {
        std::abort();
    }
    Findings found;
    const auto report = check::run(*filesystem, std::move(opening), {}, {});
    for (const auto& finding : report.findings.all()) {
        const auto& problem = finding.problem;
        if (problem.severity() != Severity::note) {
            ++found[{problem.code, problem.place.tree, problem.place.key, problem.place.inode}];
        }
    }
    return found;
}

bool has_more(const Findings& now, const Findings& before) {
    return std::ranges::any_of(now, [&](const auto& entry) {
        const auto known = before.find(entry.first);
        return entry.second > (known == before.end() ? 0 : known->second);
    });
}

Result<void> change(const Filesystem& filesystem, const WritableDevices& devices, Verb verb,
                    const RunContext& context) {
    const auto nothing = [](const auto& report) { return report ? Result<void>() : std::unexpected(report.error()); };
    const TransactionOptions transaction = {.parallelism = context.parallelism};
    switch (verb) {
    case Verb::compact:
        return nothing(resize::run(filesystem, devices, resize::Compact{}, {.transaction = transaction}, context));
    case Verb::shrink:
        return nothing(resize::run(filesystem, devices, resize::Shrink{}, {.transaction = transaction}, context));
    case Verb::defragment: return nothing(defragment::run(filesystem, devices, {.transaction = transaction}, context));
    case Verb::recompress:
        return nothing(
            defragment::run(filesystem, devices,
                            {.transaction = transaction,
                             .recompress = CompressionMethod{.algorithm = btrfs::Compression::zstd, .level = 3}},
                            context));
    case Verb::sync: break;
    }
    const std::vector<subvolume::Command> commands = {{.change = subvolume::Sync{}}};
    return nothing(subvolume::run(filesystem, devices, commands, {.transaction = transaction}, context));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto below = fuzz::edited_image(std::as_bytes(std::span(data, size)).subspan(1),
                                          (data[0] & 1) != 0 ? fuzz::Base::history : fuzz::Base::everything);
    OverlayDevice device(*below, {});
    const WritableDevices devices = {{1, &device}};
    const auto filesystem = commit::open_again(devices);
    if (!filesystem || filesystem->volume().members().size() != 1 || !filesystem->volume().members().contains(1)) {
        return 0;
    }
    const auto before = findings_of(devices);
    const auto verb = static_cast<Verb>((data[0] >> 2) % verb_count);
    const auto done = change(*filesystem, devices, verb, {.parallelism = {.threads = (data[0] & 2) != 0 ? 2u : 1u}});
    if (!done && done.error().kind == ErrorKind::bug) {
        std::abort();
    }
    if (has_more(findings_of(devices), before)) {
        std::abort();
    }
    return 0;
}

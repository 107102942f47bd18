// SPDX-License-Identifier: MIT
// A whole filesystem in which everything is moved: the small ones of base.blocks and history.blocks with edits (see
// edited_image.h). The first byte chooses which of them, what is done, by how many threads, and whether it is grown
// before, so that there is room; the rest are the edits.
// Whatever comes of it, a check finds nothing that it has not found before, and no error is one of ours.
#include "libfs/ops/resize/resize.h"
#include "libfs/ops/check/check.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/defragment/defragment.h"
#include "libfs/ops/subvolume/change.h"
#include "tests/fuzz/edited_image.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <tuple>

#include <fmt/format.h>

using namespace btrkit;

namespace {

enum class Verb : u8 { compact, shrink, defragment, recompress, sync };
constexpr unsigned verb_count = 5;

/// A device with zeros behind it.
class LongerDevice final : public BlockDevice {
public:
    LongerDevice(const BlockDevice& front, u64 size_bytes) : front_(front), size_bytes_(size_bytes) {}

    const std::string& name() const override { return front_.name(); }
    u64 size_bytes() const override { return size_bytes_; }
    Result<void> read(u64 offset, MutableBytes out) const override {
        std::ranges::fill(out, std::byte{0});
        const u64 end = std::min(offset + out.size(), front_.size_bytes());
        return offset < end ? front_.read(offset, out.first(end - offset)) : Result<void>{};
    }

private:
    const BlockDevice& front_;
    u64 size_bytes_;
};

using Findings =
    std::map<std::tuple<ProblemCode, std::optional<u64>, std::optional<btrfs::Key>, std::optional<u64>>, unsigned>;

[[noreturn]] void give_up(const std::string& why) {
    std::fputs((why + "\n").c_str(), stderr);
    std::abort();
}

Findings findings_of(const WritableDevices& devices) {
    survey::Findings opening;
    const auto filesystem = commit::open_again(devices, [&](const Problem& problem) { opening.add(problem); });
    if (!filesystem) {
        give_up(filesystem.error().message);
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

void judge(const Findings& now, const Findings& before) {
    for (const auto& [place, count] : now) {
        const auto known = before.find(place);
        if (count > (known == before.end() ? 0 : known->second)) {
            give_up(fmt::format("{} more often, in tree {}", problem_info(std::get<0>(place)).id,
                                std::get<1>(place).value_or(0)));
        }
    }
}

Result<void> without_report(const auto& report) {
    return report ? Result<void>() : std::unexpected(report.error());
}

Result<void> change(const Filesystem& filesystem, const WritableDevices& devices, Verb verb,
                    const RunContext& context) {
    const TransactionOptions transaction = {.parallelism = context.parallelism};
    switch (verb) {
    case Verb::compact:
        return without_report(
            resize::run(filesystem, devices, resize::Compact{}, {.transaction = transaction}, context));
    case Verb::shrink:
        return without_report(
            resize::run(filesystem, devices, resize::Shrink{}, {.transaction = transaction}, context));
    case Verb::defragment:
        return without_report(defragment::run(filesystem, devices, {.transaction = transaction}, context));
    case Verb::recompress:
        return without_report(
            defragment::run(filesystem, devices,
                            {.transaction = transaction,
                             .recompress = CompressionMethod{.algorithm = btrfs::Compression::zstd, .level = 3}},
                            context));
    case Verb::sync: break;
    }
    const std::vector<subvolume::Command> commands = {{.change = subvolume::Sync{}}};
    return without_report(subvolume::run(filesystem, devices, commands, {.transaction = transaction}, context));
}

void change_and_judge(const WritableDevices& devices, const std::function<Result<void>(const Filesystem&)>& change) {
    const auto filesystem = commit::open_again(devices);
    if (!filesystem || filesystem->volume().members().size() != 1 || !filesystem->volume().members().contains(1)) {
        return;
    }
    const auto before = findings_of(devices);
    const auto done = change(*filesystem);
    if (!done && done.error().kind == ErrorKind::bug) {
        give_up(done.error().message);
    }
    judge(findings_of(devices), before);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto below = fuzz::edited_image(std::as_bytes(std::span(data, size)).subspan(1),
                                          (data[0] & 1) != 0 ? fuzz::Base::history : fuzz::Base::everything);
    constexpr u64 grown_bytes = 96 * mib;
    const bool is_grown = (data[0] & 4) != 0;
    const LongerDevice longer(*below, is_grown ? grown_bytes : below->size_bytes());
    OverlayDevice device(longer, {});
    const WritableDevices devices = {{1, &device}};
    const RunContext context = {.parallelism = {.threads = (data[0] & 2) != 0 ? 2U : 1U}};
    if (is_grown) {
        change_and_judge(devices, [&](const Filesystem& filesystem) {
            return without_report(resize::run(filesystem, devices, resize::Grow{}, {}, context));
        });
    }
    const auto verb = static_cast<Verb>((data[0] >> 3) % verb_count);
    change_and_judge(devices, [&](const Filesystem& filesystem) { return change(filesystem, devices, verb, context); });
    return 0;
}

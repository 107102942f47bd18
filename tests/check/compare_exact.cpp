// SPDX-License-Identifier: MIT
// compare-exact IMAGE [SEED COUNT]   the fast checker and the plain one on an image, and on COUNT mutants of it: both
// must find the same.
#include "libfs/io/file_device.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/check/check.h"
#include "tests/check/exact/exact_check.h"
#include "tests/check/mutation.h"

#include <charconv>

#include <fmt/format.h>

namespace btrkit::test {
namespace {

Result<Filesystem> open(std::unique_ptr<BlockDevice> device, const ProblemSink& report) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::move(device));
    return Filesystem::open(std::move(devices), {}, report);
}

/// A device with some bytes changed.
class Patched final : public BlockDevice {
public:
    Patched(const BlockDevice& below, std::vector<ByteChange> changes) : below_(below), changes_(std::move(changes)) {}

    const std::string& name() const override { return below_.name(); }
    u64 size_bytes() const override { return below_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(below_.read(offset, out));
        for (const auto& change : changes_) {
            const u64 begin = std::max(offset, change.offset);
            const u64 end = std::min(offset + out.size(), change.offset + change.after.size());
            for (u64 at = begin; at < end; ++at) {
                out[at - offset] = change.after[at - change.offset];
            }
        }
        return {};
    }

private:
    const BlockDevice& below_;
    std::vector<ByteChange> changes_;
};

struct FastFindings {
    ExactFindings findings;
    /// The plain checker counts sectors of data: it has no opinion on checksums where ranges are not made of sectors.
    bool has_sectors = true;
};

FastFindings fast_check(const Filesystem& filesystem) {
    const auto report = check::run(filesystem, {}, {.hash_seed = 0x5eed}, {.parallelism = {.threads = 2}});
    FastFindings result;
    for (const auto& finding : report.findings.all()) {
        // Of the root tree's orphans the plain checker knows nothing.
        const bool is_of_root_tree =
            finding.problem.code == ProblemCode::orphan_unfounded && finding.problem.place.tree == btrfs::root_tree_id;
        // Nor of logs.
        const bool is_of_log = finding.problem.place.tree == btrfs::tree_log_id;
        if (is_told_exactly(finding.problem.code) && !is_of_root_tree && !is_of_log) {
            result.findings.insert(comparable(finding.problem));
        }
    }
    using Code = ProblemCode;
    for (const auto code : {Code::item_extent, Code::item_csum, Code::item_file_extent}) {
        result.has_sectors &= !report.findings.any(code);
    }
    return result;
}

/// Whether both agree; says where they don't.
bool compare(const BlockDevice& device, const std::vector<ByteChange>& changes, const std::string& what) {
    const auto filesystem = open(std::make_unique<Patched>(device, changes), [](const Problem&) {});
    if (!filesystem) {
        return true;
    }
    auto [fast, has_sectors] = fast_check(*filesystem);
    auto exact = exact_check(*filesystem);
    if (!has_sectors) {
        const auto is_of_csums = [](const ExactFinding& finding) {
            return finding.code == ProblemCode::data_csum_missing || finding.code == ProblemCode::csum_unexpected;
        };
        std::erase_if(fast, is_of_csums);
        std::erase_if(exact, is_of_csums);
    }
    if (fast == exact) {
        return true;
    }
    ExactFindings only_fast;
    ExactFindings only_exact;
    std::ranges::set_difference(fast, exact, std::inserter(only_fast, only_fast.end()));
    std::ranges::set_difference(exact, fast, std::inserter(only_exact, only_exact.end()));
    fmt::print("{}\n  only the fast one:\n{}  only the plain one:\n{}", what, to_text(only_fast), to_text(only_exact));
    return false;
}

int run(const std::string& path, u64 seed, u64 count) {
    const auto device = FileDevice::open(path);
    if (!device) {
        fmt::print(stderr, "{}\n", device.error().message);
        return 2;
    }
    const auto filesystem = open(std::make_unique<Patched>(**device, std::vector<ByteChange>{}), [](const Problem&) {});
    if (!filesystem) {
        fmt::print(stderr, "{}\n", filesystem.error().message);
        return 2;
    }
    u64 different = compare(**device, {}, path + ": unchanged") ? 0 : 1;
    for (u64 number = 0; number < count; ++number) {
        const auto mutation = make_mutation(*filesystem, **device, seed, number);
        if (mutation) {
            const auto what = fmt::format("{}: {} {}: {}", path, seed, number, mutation->text);
            different += compare(**device, mutation->changes, what) ? 0 : 1;
        }
    }
    fmt::print("{}: {} mutants, {} differences\n", path, count, different);
    return different == 0 ? 0 : 1;
}

} // namespace
} // namespace btrkit::test

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    btrkit::u64 seed = 1;
    btrkit::u64 count = 0;
    if (words.size() == 3) {
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), seed);
        std::from_chars(words[2].data(), words[2].data() + words[2].size(), count);
    } else if (words.size() != 1) {
        fmt::print(stderr, "usage: compare-exact IMAGE [SEED COUNT]\n");
        return 2;
    }
    return btrkit::test::run(words[0], seed, count);
}

// SPDX-License-Identifier: MIT
// A whole filesystem, checked: the small one in base.blocks with edits (see edited_image.h). The first byte chooses
// what is checked, and how; the rest are the edits. The findings must be the same at any number of threads.
#include "libfs/ops/check/check.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

struct Choice {
    check::Options options;
    RunContext context;
};

Choice choice_from(u8 byte) {
    Choice choice;
    choice.options.check_data_csum = (byte & 1) != 0;
    choice.context.parallelism.threads = (byte & 2) != 0 ? 2 : 1;
    choice.options.qgroups_only = (byte & 4) != 0;
    // So little that whatever can be done in parts is.
    choice.context.memory_bytes = (byte & 8) != 0 ? 1 << 14 : choice.context.memory_bytes;
    choice.options.hash_seed = byte;
    return choice;
}

std::vector<std::string> findings_of(Bytes edits, const check::Options& options, const RunContext& context) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(fuzz::edited_image(edits));
    survey::Findings opening;
    const auto filesystem =
        Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); });
    std::vector<std::string> told;
    if (filesystem) {
        const auto report = check::run(*filesystem, opening, options, context);
        for (const auto& finding : report.findings.all()) {
            told.push_back(describe(finding.problem));
        }
    }
    return told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes edits = std::as_bytes(std::span(data, size)).subspan(1);
    auto [options, context] = choice_from(data[0]);
    const auto told = findings_of(edits, options, context);
    const bool has_threads = context.parallelism.threads > 1;
    context.parallelism = {};
    if (has_threads && findings_of(edits, options, context) != told) {
        std::abort();
    }
    return 0;
}

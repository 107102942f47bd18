// SPDX-License-Identifier: MIT
#include "apps/defragment/defragment.h"

#include "apps/changing/change_image.h"
#include "apps/common/sizes.h"
#include "libfs/ops/defragment/defragment.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document defragment_document{.tool = "btrkit-defragment", .name = "defragment", .version = 1};

struct DefragmentFlags {
    WriteFlags write;
    std::optional<u64> threshold_bytes;
    std::optional<u64> limit_bytes;
    std::optional<CompressionMethod> recompress;
};

Json shape_json(const defragment::Shape& shape) {
    return {{"extents", shape.extent_count}, {"fragments", shape.fragment_count}, {"unseen_bytes", shape.unseen_bytes}};
}

class DefragmentRun {
public:
    explicit DefragmentRun(const DefragmentFlags& flags) : flags_(flags) {}

    int run(const CommandLine& line, Io& io) {
        return change_image(line, io, flags_.write,
                            {.document = defragment_document,
                             .run = [&](const ChangeInputs& inputs) { return change(inputs); },
                             .add_members = [&](Json& document) { add_members(document); },
                             .text = [&] { return text(); }});
    }

private:
    Result<commit::Report> change(const ChangeInputs& inputs) {
        defragment::Options options = {.commit = inputs.commit, .transaction = inputs.transaction};
        options.threshold_bytes = flags_.threshold_bytes.value_or(options.threshold_bytes);
        options.recompress = flags_.recompress;
        options.limit_bytes = flags_.limit_bytes.value_or(options.limit_bytes);
        BTRKIT_TRY_ASSIGN(report_, defragment::run(inputs.filesystem, inputs.devices, options, inputs.context));
        return report_.commit;
    }

    void add_members(Json& document) const {
        document["commits"] = report_.commit_count;
        document["needs_more"] = report_.needs_more;
        document["before"] = shape_json(report_.before);
        document["after"] = shape_json(report_.after);
        document["moved_data_bytes"] = report_.data_bytes;
        document["written_blocks"] = report_.block_count;
    }

    std::string text() const {
        const auto& [commit, before, after, commits, data_bytes, blocks, needs_more] = report_;
        std::string text =
            fmt::format("{}, now {}, in {}, now {}\n", plural(before.extent_count, "extent"), after.extent_count,
                        plural(before.fragment_count, "fragment"), after.fragment_count);
        text += fmt::format("moved {} of data, wrote {} anew; {} that no file shows are free\n", size_text(data_bytes),
                            plural(blocks, "block"), size_text(before.unseen_bytes));
        return needs_more ? text + "for the rest there is no room in one piece\n" : text;
    }

    const DefragmentFlags& flags_;
    defragment::Report report_;
};

} // namespace

int run_defragment(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-defragment",
                      .operands = "IMAGE",
                      .summary = "Lay files out anew, in all subvolumes at once; what is shared stays so."});
    DefragmentFlags flags;
    add_write_flags(line, flags.write);
    line.add_size("-t", flags.threshold_bytes, "extents as large as that are left alone");
    line.add_size("--limit", flags.limit_bytes, "of data moved before its old place is free again");
    std::string recompress;
    line.app()
        .add_option("--recompress", recompress, "pack data like that, where that pays; none: unpack it")
        ->option_text("ALGO[:LEVEL]");
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (!recompress.empty()) {
        const auto method = parse_compression(recompress == "none" ? "no" : recompress);
        if (!method) {
            return line.wrong_usage(io, method.error().message);
        }
        flags.recompress = *method;
    }
    return DefragmentRun(flags).run(line, io);
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/defragment/defragment.h"

#include "apps/changing/cleaned_up.h"
#include "apps/common/sizes.h"
#include "apps/defragment/defragment_flags.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document defragment_document{.tool = "btrkit-defragment", .name = "defragment", .version = 1};

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
        auto options = flags_.options;
        options.commit = inputs.commit;
        options.transaction = inputs.transaction;
        BTRKIT_TRY_ASSIGN(report_, defragment::run(inputs.filesystem, inputs.devices, options, inputs.context));
        return report_.commit;
    }

    void add_members(Json& document) const {
        document["commits"] = report_.commit_count;
        document["needs_more"] = report_.needs_more;
        document["cleaned_up"] = report_.cleaned_up;
        document["before"] = shape_json(report_.before);
        document["after"] = shape_json(report_.after);
        document["moved_data_bytes"] = report_.data_bytes;
        document["written_blocks"] = report_.block_count;
        document["files"] = files_json();
    }

    Json files_json() const {
        auto files = Json::array();
        for (const auto& file : report_.files) {
            Json entry = {{"subvolume", file.subvolume}, {"inode", file.inode}};
            set_text(entry, "path", file.path);
            entry["bytes"] = file.bytes;
            entry["fragments_before"] = file.before;
            entry["fragments_after"] = file.after;
            files.push_back(std::move(entry));
        }
        return files;
    }

    std::string text() const {
        const auto& [commit, before, after, cleaned_up, commits, data_bytes, blocks, files, needs_more] = report_;
        std::string text = cleaned_up_text(cleaned_up);
        for (const auto& file : files) {
            const auto name = file.path.empty() ? fmt::format("inode {} of {}", file.inode, file.subvolume) : file.path;
            text += fmt::format("{:>10} to {:<10} {:>10} {}\n", file.before, file.after, size_text(file.bytes),
                                printable(name));
        }
        const std::string_view now = flags_.write.dry_run ? "would be" : "now";
        text += fmt::format("{}, {} {}, in {}, {} {}\n", plural(before.extent_count, "extent"), now, after.extent_count,
                            plural(before.fragment_count, "fragment"), now, after.fragment_count);
        text +=
            fmt::format("{} of data to be moved or packed, {} to be written; {} that no file shows are given back\n",
                        size_text(data_bytes), plural(blocks, "block"), size_text(before.unseen_bytes));
        return needs_more ? text + std::string(what_is_left()) : text;
    }

    std::string_view what_is_left() const {
        return flags_.write.undo_path.empty() && !flags_.write.dry_run ? "for the rest there is no room in one piece\n"
                                                                       : "there is more to do, in further commits\n";
    }

    const DefragmentFlags& flags_;
    defragment::Report report_;
};

} // namespace

int run_defragment(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-defragment",
                      .operands = "IMAGE [PATH...]",
                      .summary = "Lay files out anew, in all subvolumes at once; what is shared stays so."});
    DefragmentFlags flags;
    if (const auto status = read_defragment_flags(line, arguments, io, flags)) {
        return *status;
    }
    return DefragmentRun(flags).run(line, io);
}

} // namespace btrkit::apps

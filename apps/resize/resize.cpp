// SPDX-License-Identifier: MIT
#include "apps/resize/resize.h"

#include "apps/changing/cleaned_up.h"
#include "apps/changing/run_verbs.h"
#include "apps/common/sizes.h"
#include "apps/common/without_verb.h"
#include "apps/resize/image_files.h"
#include "apps/resize/min_size.h"
#include "apps/resize/resize_verbs.h"

namespace btrkit::apps {

namespace {

constexpr Document resize_document{.tool = resize_tool, .name = "resize", .version = 1};

std::string resize_help() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] IMAGE [SIZE]\n"
                                   "A btrfs image that is not mounted, made smaller, larger or compact.\n\n"
                                   "  {:<24}{}\n",
                                   resize_tool, min_size_verb, min_size_summary);
    for (const auto& verb : resize_verbs()) {
        text += fmt::format("  {:<24}{}\n", fmt::format("{} {}", verb.name(), verb.operands), verb.summary);
    }
    return text + fmt::format("\n{0} VERB --help tells more, --version the version.\n", resize_tool);
}

/// One change of one image, from its file to its file.
class ResizeRun {
public:
    ResizeRun(const WriteFlags& flags, const Resizing& wanted) : flags_(flags), wanted_(wanted) {}

    int run(const CommandLine& line, Io& io) {
        return change_image(
            line, io, flags_,
            {.document = resize_document,
             .prepare = [&](std::span<WritableImage> images) { return prepare(images); },
             .run = [&](const ChangeInputs& inputs) { return change(inputs); },
             .finish = [&](std::span<WritableImage> images,
                           std::span<const std::optional<u64>> devids) { return finish(images, devids); },
             .add_members = [&](Json& document) { add_members(document); },
             .text = [&] { return text(); }});
    }

private:
    Result<void> prepare(std::span<WritableImage> images) {
        const auto* grow = std::get_if<resize::Grow>(&wanted_.change);
        return grow == nullptr ? Result<void>{} : grown_.grow(images, *grow, flags_.dry_run);
    }

    /// What is asked of the filesystem. A dry run has to do with a file that is not longer yet.
    resize::Change wanted_of_filesystem() const {
        auto wanted = wanted_.change;
        if (auto* grow = std::get_if<resize::Grow>(&wanted); grow != nullptr && flags_.dry_run && grown_.old_bytes()) {
            grow->size_bytes = grown_.old_bytes();
        }
        return wanted;
    }

    Result<commit::Report> change(const ChangeInputs& inputs) {
        BTRKIT_TRY_ASSIGN(
            report_, resize::run(inputs.filesystem, inputs.devices, wanted_of_filesystem(),
                                 {.commit = inputs.commit, .transaction = inputs.transaction, .trims = wanted_.trim},
                                 inputs.context));
        grown_.keep();
        return report_.commit;
    }

    /// With an undo file the file stays as long as it is: the old filesystem may come back.
    Result<void> finish(std::span<WritableImage> images, std::span<const std::optional<u64>> devids) {
        return report_.commit.is_committed && flags_.undo_path.empty() ? cut_files(images, devids, report_.devices)
                                                                       : Result<void>{};
    }

    void add_members(Json& document) const {
        document["commits"] = report_.commit_count;
        document["needs_more_commits"] = report_.needs_more;
        document["moved_data_bytes"] = report_.data_bytes;
        document["moved_blocks"] = report_.block_count;
        document["cleaned_up"] = report_.cleaned_up;
        document["devices"] = sizes_json(report_.devices);
    }

    std::string text() const {
        std::string text = cleaned_up_text(report_.cleaned_up);
        for (const auto& size : report_.devices) {
            text += size.old_bytes == size.new_bytes
                        ? fmt::format("device {}: {} ({} bytes), as before\n", size.devid, size_text(size.new_bytes),
                                      size.new_bytes)
                        : fmt::format("device {}: {} is now {} ({} bytes)\n", size.devid, size_text(size.old_bytes),
                                      size_text(size.new_bytes), size.new_bytes);
        }
        text += fmt::format("moved {} of data and {}{}\n", size_text(report_.data_bytes),
                            plural(report_.block_count, "block"),
                            report_.needs_more ? ", in the first commit of several" : "");
        if (report_.commit.is_committed && !flags_.undo_path.empty()) {
            text += "the file keeps its length, so that it can be undone\n";
        }
        return text;
    }

    const WriteFlags& flags_;
    const Resizing& wanted_;
    resize::Report report_;
    GrownFile grown_;
};

struct ResizeCommand {
    Resizing change;
    u64 line = 0;
};

int run_command(const CommandLine& line, const WriteFlags& flags, std::span<const ResizeCommand> commands, Io& io) {
    return ResizeRun(flags, commands.front().change).run(line, io);
}

} // namespace

int run_resize(std::span<const std::string> arguments, Io& io) {
    if (!arguments.empty() && arguments.front() == min_size_verb) {
        return run_min_size(arguments.subspan(1), io);
    }
    if (const auto* verb = find_verb(resize_verbs(), arguments)) {
        const VerbTool<ResizeVerb, ResizeCommand> tool = {
            .name = resize_tool, .script_operands = "", .verbs = resize_verbs(), .run = run_command};
        return run_verb(tool, *verb, arguments.subspan(verb->word_count()), io);
    }
    return run_without_verb(resize_tool, resize_help(), arguments, io);
}

} // namespace btrkit::apps

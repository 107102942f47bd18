// SPDX-License-Identifier: MIT
#include "apps/subvolume/answer.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

void add_image_flags(CommandLine& line, ImageFlags& flags) {
    line.add_one_image(flags.images);
    line.add_super(flags.volume.super_mirror, "--super");
    line.add_format(flags.format);
}

int answer_from_image(const CommandLine& line, Io& io, const ImageFlags& flags, const Answer& answer) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .open = {.volume = flags.volume},
                           .when_in_use = "it is not read while in use (`btrfs` can)"};
    return print_answer(image, messages, io.out, answer);
}

void tell_incomplete(const ImageFlags& flags, Messages& messages) {
    messages.error(fmt::format("{}: the root tree can't be read as a whole: there may be more subvolumes",
                               printable(flags.images.front())));
}

void tell_lost_path(const ImageFlags& flags, const subvolume::SubvolumeInfo& subvolume, Messages& messages) {
    if (!subvolume.has_whole_path()) {
        messages.error(fmt::format("{}: only the end of the path of subvolume {} could be read",
                                   printable(flags.images.front()), subvolume.id()));
    }
}

} // namespace btrkit::apps

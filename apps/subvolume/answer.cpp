// SPDX-License-Identifier: MIT
#include "apps/subvolume/answer.h"

#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/stop_signals.h"
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
    Damages damages(messages);
    const auto places = find_images(flags.images, messages);
    if (messages.error_count() > 0) {
        return exit_failed;
    }
    const auto filesystem =
        open_filesystem(places, flags.volume, "it is not read while in use (`btrfs` can)", damages, messages);
    if (!filesystem) {
        return exit_failed;
    }
    const StopSignals signals;
    const RunContext context{.stop = signals.token(),
                             .problems = [&](const Problem& problem) { damages.tell(problem); }};
    const auto text = answer(*filesystem, context, messages);
    damages.finish();
    if (!text) {
        messages.error(fmt::format("{}: {}", printable(flags.images.front()), text.error().message));
        return text.error().kind == ErrorKind::usage ? exit_usage : exit_failed;
    }
    if (const auto written = io.out.write(*text); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
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

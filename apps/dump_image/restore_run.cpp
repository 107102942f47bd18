// SPDX-License-Identifier: MIT
#include "apps/dump_image/restore_run.h"

#include "apps/common/exit_status.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "apps/dump_image/report.h"
#include "apps/streams/stream_input.h"
#include "libfs/base/names.h"
#include "libfs/io/writable_file.h"

#include <fmt/format.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

/// The files that a dump is made into; removed again unless they are kept.
class NewImages {
public:
    NewImages() = default;
    NewImages(const NewImages&) = delete;
    NewImages& operator=(const NewImages&) = delete;
    ~NewImages() {
        for (const auto& file : files_) {
            if (!is_kept_) {
                ::unlink(file->name().c_str());
            }
        }
    }

    Result<void> add(const std::string& path, u64 size_bytes) {
        BTRKIT_TRY_ASSIGN(auto file, WritableFile::create(path, size_bytes));
        files_.push_back(std::move(file));
        return {};
    }
    std::vector<WritableDevice*> devices() const {
        std::vector<WritableDevice*> devices;
        devices.reserve(files_.size());
        for (const auto& file : files_) {
            devices.push_back(file.get());
        }
        return devices;
    }
    void keep() { is_kept_ = true; }

private:
    std::vector<std::unique_ptr<WritableFile>> files_;
    bool is_kept_ = false;
};

Result<void> make_images(const dump_image::DumpReader& dump, const DumpImageFlags& flags, NewImages& images) {
    if (flags.images.size() != dump.devices().size()) {
        std::string devices;
        for (const auto& device : dump.devices()) {
            devices += fmt::format("{}device {} of {}", devices.empty() ? "" : ", ", u64{device.devid},
                                   size_text(device.size_bytes));
        }
        return fail(ErrorKind::usage,
                    fmt::format("{}: needs {}, one for each of its devices ({})", printable(flags.restore),
                                plural(dump.devices().size(), "IMAGE"), devices));
    }
    for (std::size_t i = 0; i < flags.images.size(); ++i) {
        BTRKIT_TRY(images.add(flags.images[i], dump.devices()[i].size_bytes));
    }
    return {};
}

Result<std::string> restore(const DumpImageFlags& flags, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto input, StreamInput::open(flags.restore));
    const StreamSource source{
        .name = input.name(), .source = input.source(context.stop), .size_bytes = input.size_bytes()};
    BTRKIT_TRY_ASSIGN(auto dump, dump_image::DumpReader::open(source));
    NewImages images;
    BTRKIT_TRY(make_images(dump, flags, images));
    BTRKIT_TRY_ASSIGN(const auto report,
                      dump_image::restore(dump, images.devices(), {.most_bytes = flags.most_bytes}, context));
    images.keep();
    return flags.format == OutputFormat::json ? restore_json(flags, dump, report) : restore_text(flags, dump, report);
}

} // namespace

int run_restore(const CommandLine& line, const DumpImageFlags& flags, Io& io) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    const StopSignals signals;
    const auto text = restore(flags, {.progress = Progress(progress), .stop = signals.token()});
    progress.finish();
    if (!text) {
        messages.error(text.error());
        return text.error().kind == ErrorKind::cancelled ? exit_cancelled
               : text.error().kind == ErrorKind::usage   ? exit_usage
                                                         : exit_failed;
    }
    const bool is_told = flags.format == OutputFormat::json || messages.verbosity() != Verbosity::quiet;
    if (const auto written = io.out.write(is_told ? *text : std::string()); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
}

} // namespace btrkit::apps

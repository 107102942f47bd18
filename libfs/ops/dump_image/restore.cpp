// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/restore.h"

#include <cassert>
#include <map>

#include <fmt/format.h>

namespace btrkit::dump_image {

namespace {

class Restore {
public:
    Restore(DumpReader& dump, std::span<WritableDevice* const> devices, const RestoreOptions& options)
        : dump_(dump), options_(options) {
        assert(devices.size() == dump.devices().size());
        for (std::size_t i = 0; i < devices.size(); ++i) {
            devices_[dump.devices()[i].devid] = devices[i];
        }
    }

    Result<RestoreReport> run(const RunContext& context) {
        context.progress.begin_phase("restoring", dump_.size_bytes(), ProgressUnit::bytes);
        bool has_more = true;
        while (has_more) {
            if (context.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            const u64 before = dump_.offset();
            BTRKIT_TRY_ASSIGN(has_more, dump_.next_piece([this](Bytes bytes, const dump_format::RecordPlace& place) {
                return put(bytes.subspan(place.from, place.length_bytes), place);
            }));
            context.progress.advance(dump_.offset() - before);
        }
        for (const auto& [devid, device] : devices_) {
            BTRKIT_TRY(device->flush());
        }
        return report_;
    }

private:
    Result<void> put(Bytes bytes, const dump_format::RecordPlace& place) {
        report_.placed_bytes += bytes.size();
        const u64 most = options_.most_bytes.value_or(always_allowed_bytes + allowed_multiple * dump_.offset());
        if (report_.placed_bytes > most) {
            return fail(ErrorKind::refused, fmt::format("it has more than {} bytes (--limit allows more)", most));
        }
        ++report_.record_count;
        return devices_.at(place.devid)->write(place.offset, bytes);
    }

    DumpReader& dump_;
    RestoreOptions options_;
    std::map<u64, WritableDevice*> devices_;
    RestoreReport report_;
};

} // namespace

Result<RestoreReport> restore(DumpReader& dump, std::span<WritableDevice* const> devices, const RestoreOptions& options,
                              const RunContext& context) {
    return Restore(dump, devices, options).run(context);
}

} // namespace btrkit::dump_image

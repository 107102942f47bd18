// SPDX-License-Identifier: MIT
#include "libfs/io/writable_device.h"

namespace btrkit {

Result<void> WritableDevice::clone(int, u64, u64, u64) {
    return fail(ErrorKind::unsupported, name() + ": can't share blocks with other files");
}

} // namespace btrkit

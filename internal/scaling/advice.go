package scaling

// The advice of each alert: what an operator can do about it. All texts are here, so that
// they can be translated. They are forms of texts: a percent sign is doubled.
const (
	adviceScalelite   = "Look whether Scalelite is up and reachable, and whether DIVIMS_SCALELITE_SECRET is its LOADBALANCER_SECRET."
	adviceScaleway    = "Look at Scaleway's status page, and whether the API key is valid and may read the project's Instances."
	adviceNetwork     = "Look at the network and the name service between DiViMS and the servers. If the servers are dead indeed, restart them, or take them into maintenance."
	advicePaused      = "End the pause when the reason for it is gone: DELETE /pause, or divims resume."
	adviceForced      = "Take the number back if people are coming: DELETE /required, or divims unforce."
	advicePolicy      = "Look at what the policy counts with; the other policies decide meanwhile."
	adviceSummary     = "Correct the event in the calendar: its summary needs a line users=500, or users=40%% with at most 100%%."
	adviceHistory     = "Look at the storage: the object that the text names. Until it can be read, the policy load replaces the forecast."
	adviceNoPolicy    = "Enable servers by hand in Scalelite if people are coming, and fix what the policies report."
	advicePoolSize    = "Add servers to the pool, and raise DIVIMS_POOL_SIZE; until then the servers will be fuller than planned."
	adviceNoServer    = "Look at the other alerts: servers that are sick, locked, in maintenance or cannot be had are missing."
	adviceCalendar    = "Look whether DIVIMS_CALENDAR_URL answers; the last good copy counts meanwhile."
	adviceImage       = "Look whether an image whose name begins with DIVIMS_IMAGE_NAME is in the project, and may be read."
	adviceOutdated    = "Nothing, if they are getting fewer: DiViMS replaces a few at a time. Else look at the alerts of those servers."
	adviceReplacement = "Add a server to the pool: all the others are enabled. Or end the machine by hand while nobody is on it."
	adviceRollOut     = "Look at that server. If the image is bad, take it back or rename it, and recycle the servers made from it; if not, fix the server."
	adviceStranger    = "Delete the machine if nobody needs it, or take the pool's tag off it."
	adviceMissed      = "Look at the function's log, at its cron trigger and at the storage. Until now nothing was started and nothing was cordoned."
	adviceLimits      = "Nothing, if it is seldom: the next evaluations go on. Else raise the DIVIMS_MAX_ settings."

	adviceUnseen       = "Look at what could not be read; DiViMS leaves the server alone until it can."
	adviceUnresponsive = "Look at the machine's console at the hoster and restart it. If nothing on it is needed, delete it."
	adviceMalfunction  = "Look at the server's BBB: bbb-conf --check, and failed recordings. Repair what only a person can; its replacement is under way."
	adviceLost         = "Look at the Elastic Metal host in the hoster's console, and whether its name is right."
	adviceLocked       = "Ask the hoster why the machine is locked."
	adviceStuck        = "Look at the machine in the hoster's console, and stop or start it by hand."
	adviceCreation     = "Look at the reason in the log: address, image, quota and permissions."
	adviceUnknown      = "Find out which machine answers for this server; give it the pool's tag or take it out of Scalelite."
	adviceNoEntry      = "Add the server to Scalelite, or set DIVIMS_REGISTER_ENTRIES."
	adviceSwitchedOff  = "Switch the machine on, or save its recordings and delete it."
	adviceCertificate  = "Renew the certificate on the server, and in the image."
	adviceRecordings   = "Look at BBB's recording queue on the server: bbb-record --watch."
	adviceStats        = "Repair the stats endpoint of the server; docs/stats.md describes it."
)
